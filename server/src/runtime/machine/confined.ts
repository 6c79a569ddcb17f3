/**
 * The file commands for a sandbox whose files lie in folders of the host. The programs in it are hostile and may change
 * these folders at any moment. So no path is followed out of its folder, not by a link that is there and not by one that
 * is made meanwhile (see walk.ts).
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

/** For what a directory is entered. `create`: for changes, and the directories on the way are made where they are missing. */
type Purpose = 'read' | 'change' | 'create';

export class ConfinedFiles implements Files {
  readonly #mounts: readonly Mount[];
  readonly #walker: Walker;
  readonly #presence: Pick<Presence, 'require' | 'check'>;

  constructor(mounts: readonly Mount[], walker: Walker, presence: Pick<Presence, 'require' | 'check'>) {
    this.#mounts = mounts;
    this.#walker = walker;
    this.#presence = presence;
  }

  write(path: string, content: Buffer | AsyncIterable<Buffer>, options: WriteOptions): Promise<void> {
    return this.#inParent(path, 'create', (parent, name) => writeFile(parent, name, content, options));
  }

  read(path: string, offset: number, length: number | undefined): Promise<FileContent> {
    return this.#inParent(path, 'read', (parent, name) => readFile(parent, name, path, offset, length));
  }

  createDirectory(path: string, recursive: boolean): Promise<boolean> {
    if (this.#isMount(path)) return this.#carryOut(path, () => Promise.resolve(false));
    return this.#inParent(path, recursive ? 'create' : 'change', (parent, name) => makeDirectory(parent, name));
  }

  copy(source: string, destination: string, { recursive, overwrite }: { recursive: boolean; overwrite: boolean }): Promise<void> {
    if (destination === source || destination.startsWith(`${source}/`)) {
      return Promise.reject(new ProtocolError('InvalidPath', `${source} can't be copied into itself`, { path: destination }));
    }
    const options = { walker: this.#walker, recursive, overwrite, spend: () => undefined };
    if (this.#isMount(source) || this.#isMount(destination)) {
      return this.#carryOut(source, async () => {
        if (!recursive) throw systemFault('EISDIR');
        if (!overwrite && this.#isMount(destination)) throw systemFault('EEXIST');
        await lend(this.#enter(source, 'read'), (from) =>
          this.#carryOut(destination, () => lend(this.#enter(destination, 'create'), (to) => copyTree(from, to, options))),
        );
      });
    }
    return this.#inParent(source, 'read', (from, name) =>
      this.#inParent(destination, 'create', (to, target) =>
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
    return this.#carryOut(path, () =>
      lend(this.#enter(path, 'read'), (directory) => listDirectory(this.#walker, directory, path, options)),
    );
  }

  /** The path on the host of a directory of the sandbox. Rejects where it does not exist, or a link leads there. */
  directory(path: string): Promise<string> {
    return this.#carryOut(path, async () => {
      await lend(this.#enter(path, 'read'), () => Promise.resolve());
      return hostPath(locate(this.#mounts, path));
    });
  }

  /** The path on the host that belongs to a path of the sandbox, whether or not anything is there. */
  hostPath(path: string): string {
    return hostPath(locate(this.#mounts, path));
  }

  #isMount(path: string): boolean {
    return this.#mounts.some(({ virtual }) => virtual === path);
  }

  /** Calls `work` with the directory that holds `path`, and the last name of `path`. */
  #inParent<T>(path: string, purpose: Purpose, work: (parent: Held, name: string) => Promise<T>): Promise<T> {
    return this.#carryOut(path, async () => {
      const { names } = locate(this.#mounts, path);
      const name = names.at(-1);
      if (name === undefined) throw systemFault('EISDIR');
      return lend(this.#enter(path.slice(0, -name.length - 1), purpose), (parent) => work(parent, name));
    });
  }

  /** The directory at `path`, held. */
  async #enter(path: string, purpose: Purpose): Promise<Held> {
    const { mount, names } = locate(this.#mounts, path);
    if (purpose !== 'read' && !mount.writable) {
      throw new ProtocolError('InvalidPath', `${mount.virtual} is shared for reading only`, { path });
    }
    let directory = await this.#walker.open(mount.host);
    for (const name of names) {
      directory = await lend(directory, async (parent) => {
        if (purpose === 'create') await makeDirectory(parent, name, { orAnything: true });
        return this.#walker.enter(parent, name);
      });
    }
    return directory;
  }

  /** Rejects with what a client is told: SandboxLost where the sandbox is gone, else what is wrong with `path`. */
  async #carryOut<T>(path: string, work: () => Promise<T>): Promise<T> {
    this.#presence.require();
    try {
      return await work();
    } catch (fault) {
      await this.#presence.check();
      throw fileError(fault, path);
    }
  }
}

/**
 * Resolves with false where the directory existed. Something else of that name is EEXIST. With `orAnything` the kind is
 * not looked at, for callers that enter the directory next and find out then.
 */
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
