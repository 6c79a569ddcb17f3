/** A fake disk with one folder, which is returned for every path. */
import type { Disk } from '../../client-vscode/src/run/sandbox/disk.ts';

export class FakeDisk implements Disk {
  /** The texts of the files, by their paths below the folder. A path that ends with a slash is a folder. */
  readonly files = new Map<string, string>();
  /** Whether the folder is too large for a snapshot. */
  tooLarge = false;

  async snapshot() {
    if (this.tooLarge) return undefined;
    const paths = [...this.files.keys()];
    const files = new Map(paths.filter((path) => !path.endsWith('/')).map((path) => [path, this.files.get(path)]));
    return { files, folders: new Set(paths.filter((path) => path.endsWith('/'))) };
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
