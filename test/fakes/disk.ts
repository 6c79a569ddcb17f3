/** A fake disk with one folder, which is returned for every path. */
import type { Disk } from '../../client-vscode/src/run/sandbox/disk.ts';

export class FakeDisk implements Disk {
  /** The texts of the files, by their paths below the folder. A path that ends with a slash is a folder. */
  readonly files = new Map<string, string>();
  /** When all files were written. */
  mtimeMs = 0;
  /** Whether the folder is too large for a snapshot. */
  tooLarge = false;

  async snapshot() {
    if (this.tooLarge) return undefined;
    const paths = [...this.files.keys()];
    const files = new Map(paths.filter((path) => !path.endsWith('/')).map((path) => [path, this.files.get(path)]));
    return { files, folders: new Set(paths.filter((path) => path.endsWith('/'))) };
  }

  async names(_: string, path: string) {
    const inside = [...this.files.keys()].filter((file) => file.startsWith(path === '' ? '' : `${path}/`));
    return new Set(inside.map((file) => file.slice(path === '' ? 0 : path.length + 1).split('/')[0] as string));
  }

  async stat(_: string, path: string) {
    const text = this.files.get(path);
    return text === undefined ? undefined : { size: text.length, mtimeMs: this.mtimeMs };
  }

  async isOnlyEntry(_: string, name: string) {
    return [...this.files.keys()].every((path) => path === name);
  }

  async readStart(path: string, maxBytes: number) {
    const text = [...this.files].find(([name]) => path.endsWith(`/${name}`))?.[1];
    if (text === undefined) throw new Error('no such file');
    return { bytes: Buffer.from(text).subarray(0, maxBytes), executable: text.startsWith('#!') };
  }
}
