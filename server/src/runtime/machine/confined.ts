/**
 * The file commands on host folders. The programs that run there are hostile, so is every name they left:
 * no path is followed out of its folder, by a link or by a race (see walk.ts).
 */
import { lstat, mkdir, rmdir, unlink } from 'node:fs/promises';
import { type DirectoryEntry, ProtocolError } from '../../protocol/index.ts';
import type { FileContent, Files, ListOptions, WriteOptions } from '../ports.ts';
import { readFile, writeFile } from './contents.ts';
import { copyEntry, copyTree } from './copy.ts';
import { errorCode, fileError, systemFault } from './faults.ts';
import { listDirectory } from './list.ts';
import { hostPath, locate, type Mount } from './mounts.ts';
import type { Presence } from './presence.ts';
import { removeDirectory } from './remove.ts';
import { type Held, lend, type Walker } from './walk.ts';

/** What is done on the way to a place. */
type Way = 'look' | 'change' | 'make';

export class ConfinedFiles implements Files {
  readonly #mounts: readonly Mount[];
  readonly #walker: Walker;
  readonly #presence: Pick<Presence, 'require' | 'look'>;

  constructor(mounts: readonly Mount[], walker: Walker, presence: Pick<Presence, 'require' | 'look'>) {
    this.#mounts = mounts;
    this.#walker = walker;
    this.#presence = presence;
  }

  write(path: string, content: Buffer, options: WriteOptions): Promise<void> {
    return this.#inParent(path, 'make', (parent, name) => writeFile(parent, name, content, options));
  }

  read(path: string, offset: number, length: number | undefined): Promise<FileContent> {
    return this.#inParent(path, 'look', (parent, name) => readFile(parent, name, path, offset, length));
  }

  createDirectory(path: string, recursive: boolean): Promise<boolean> {
    if (this.#isMount(path)) return this.#guarded(path, () => Promise.resolve(false));
    return this.#inParent(path, recursive ? 'make' : 'change', (parent, name) => makeDirectory(parent, name));
  }

  copy(source: string, destination: string, { recursive, overwrite }: { recursive: boolean; overwrite: boolean }): Promise<void> {
    if (destination === source || destination.startsWith(`${source}/`)) {
      return Promise.reject(new ProtocolError('InvalidPath', `${source} can't be copied into itself`, { path: destination }));
    }
    const options = { walker: this.#walker, recursive, overwrite, spend: () => undefined };
    if (this.#isMount(source) || this.#isMount(destination)) {
      return this.#guarded(source, async () => {
        if (!recursive) throw systemFault('EISDIR');
        if (!overwrite && this.#isMount(destination)) throw systemFault('EEXIST');
        await lend(this.#enter(source, 'look'), (from) =>
          this.#guarded(destination, () => lend(this.#enter(destination, 'make'), (to) => copyTree(from, to, options))),
        );
      });
    }
    return this.#inParent(source, 'look', (from, name) =>
      this.#inParent(destination, 'make', (to, target) =>
        copyEntry({ directory: from, name }, { directory: to, name: target }, options),
      ),
    );
  }

  delete(path: string, { recursive, force }: { recursive: boolean; force: boolean }): Promise<boolean> {
    return this.#inParent(path, 'change', async (parent, name) => {
      const stats = await lstat(parent.at(name));
      if (!stats.isDirectory()) await unlink(parent.at(name));
      else if (recursive) await removeDirectory(this.#walker, parent, name);
      else await rmdir(parent.at(name));
      return true;
    }).catch((fault: unknown) => {
      if (force && fault instanceof ProtocolError && fault.kind === 'FileNotFound') return false;
      throw fault;
    });
  }

  list(path: string, options: ListOptions): Promise<{ entries: DirectoryEntry[]; truncated: boolean }> {
    return this.#guarded(path, () =>
      lend(this.#enter(path, 'look'), (directory) => listDirectory(this.#walker, directory, path, options)),
    );
  }

  /** The host's path of a directory that is there and reached without links. */
  directory(path: string): Promise<string> {
    return this.#guarded(path, async () => {
      await lend(this.#enter(path, 'look'), () => Promise.resolve());
      return hostPath(locate(this.#mounts, path));
    });
  }

  /** The host's path of what may or may not be there. */
  hostPath(path: string): string {
    return hostPath(locate(this.#mounts, path));
  }

  #isMount(path: string): boolean {
    return this.#mounts.some(({ virtual }) => virtual === path);
  }

  #inParent<T>(path: string, way: Way, work: (parent: Held, name: string) => Promise<T>): Promise<T> {
    return this.#guarded(path, async () => {
      const { names } = locate(this.#mounts, path);
      const name = names.at(-1);
      if (name === undefined) throw systemFault('EISDIR');
      return lend(this.#enter(path.slice(0, -name.length - 1), way), (parent) => work(parent, name));
    });
  }

  /** The directory at `path`, held. */
  async #enter(path: string, way: Way): Promise<Held> {
    const { mount, names } = locate(this.#mounts, path);
    if (way !== 'look' && !mount.writable) {
      throw new ProtocolError('InvalidPath', `${mount.virtual} is shared for reading only`, { path });
    }
    let directory = await this.#walker.open(mount.host);
    for (const name of names) {
      directory = await lend(directory, async (parent) => {
        if (way === 'make') await makeDirectory(parent, name, { orAnything: true });
        return this.#walker.enter(parent, name);
      });
    }
    return directory;
  }

  async #guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
    this.#presence.require();
    try {
      return await work();
    } catch (fault) {
      await this.#presence.look();
      throw fileError(fault, path);
    }
  }
}

/** False where there was one. What is there but is no directory fails, unless the caller finds out by itself. */
async function makeDirectory(parent: Held, name: string, { orAnything = false } = {}): Promise<boolean> {
  try {
    await mkdir(parent.at(name));
    return true;
  } catch (fault) {
    if (errorCode(fault) !== 'EEXIST') throw fault;
    if (orAnything || (await lstat(parent.at(name))).isDirectory()) return false;
    throw fault;
  }
}
