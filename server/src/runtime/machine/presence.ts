/** Whether a sandbox that consists of folders of the host still exists: it ends when it is closed, or when somebody removes its folders. */
import { type FSWatcher, type Stats, watch } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { deferred } from '../../base/promises.ts';
import { ProtocolError } from '../../protocol/index.ts';

export class Presence {
  readonly #lost = deferred<string>();
  readonly #folders: ReadonlyMap<string, Pick<Stats, 'dev' | 'ino'>>;
  #end: string | undefined;
  #lostWhy: string | undefined;
  #watcher: FSWatcher | undefined;

  private constructor(folders: ReadonlyMap<string, Stats>) {
    this.#folders = folders;
  }

  /** `folders` must exist, and must stay the directories that they are now. They are checked whenever an entry of `root` changes. */
  static async of(root: string, folders: readonly string[]): Promise<Presence> {
    const known = await Promise.all(folders.map(async (path) => [path, await lstat(path)] as const));
    const presence = new Presence(new Map(known));
    presence.#watch(root);
    return presence;
  }

  /** Why the sandbox is gone. undefined: it exists, or was closed. */
  get lostWhy(): string | undefined {
    return this.#lostWhy;
  }

  /** Resolves with `lostWhy` when the folders are found to be gone. It never resolves for a sandbox that was closed. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  /** Does not look at the folders, but relies on what is known. @throws ProtocolError SandboxLost where the sandbox is gone or closed */
  require(): void {
    if (this.#end !== undefined) throw new ProtocolError('SandboxLost', `${this.#end}; create a new session`);
  }

  /** Looks at the folders. @throws ProtocolError SandboxLost where the sandbox is gone or closed */
  async check(): Promise<void> {
    for (const [path, { dev, ino }] of this.#folders) {
      const found = await lstat(path).catch(() => undefined);
      if (found?.dev !== dev || found.ino !== ino) this.#lose('the folder of the sandbox is gone');
    }
    this.require();
  }

  close(): void {
    this.#end ??= 'the sandbox is closed';
    this.#watcher?.close();
  }

  #lose(why: string): void {
    if (this.#end !== undefined) return;
    this.#end = this.#lostWhy = why;
    this.#watcher?.close();
    this.#lost.resolve(why);
  }

  /** Where the host has no file watches left, the next command finds out instead. */
  #watch(root: string): void {
    try {
      this.#watcher = watch(root, { persistent: false }, () => void this.check().catch(() => undefined));
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
  }
}
