import type { Disk } from '../../client-vscode/src/run/disk.ts';

/** One folder, whatever it is called. */
export class FakeDisk implements Disk {
  /** Path below the folder → text. A path that ends with a slash is a folder's. */
  readonly files = new Map<string, string>();
  /** Holds more than anybody looks through. */
  tooMuch = false;

  async list() {
    if (this.tooMuch) return undefined;
    const paths = [...this.files.keys()];
    const files = new Map(paths.filter((path) => !path.endsWith('/')).map((path) => [path, this.files.get(path)]));
    return { files, folders: new Set(paths.filter((path) => path.endsWith('/'))) };
  }

  async isAlone(_: string, name: string) {
    return [...this.files.keys()].every((path) => path === name);
  }

  async read(path: string, maxBytes: number) {
    const text = [...this.files].find(([name]) => path.endsWith(`/${name}`))?.[1];
    if (text === undefined) throw new Error('no such file');
    return { bytes: Buffer.from(text).subarray(0, maxBytes), executable: text.startsWith('#!') };
  }
}
