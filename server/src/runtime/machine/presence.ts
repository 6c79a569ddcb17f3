/** Whether a sandbox made of folders is still there: it ends by being closed, or by somebody taking its folders away. */
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

  /** `root` is watched for changes of its entries; all `folders` must stay the directories they are. */
  static async of(root: string, folders: readonly string[]): Promise<Presence> {
    const known = await Promise.all(folders.map(async (path) => [path, await lstat(path)] as const));
    const presence = new Presence(new Map(known));
    presence.#watch(root);
    return presence;
  }

  /** Why it is gone, when it is not by being closed. */
  get lostWhy(): string | undefined {
    return this.#lostWhy;
  }

  /** Resolves when the folders are found to be gone. Never, once closed. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  /** @throws ProtocolError SandboxLost */
  require(): void {
    if (this.#end !== undefined) throw new ProtocolError('SandboxLost', `${this.#end}; create a new session`);
  }

  /**
   * The same, but looks.
   * @throws ProtocolError SandboxLost
   */
  async look(): Promise<void> {
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

  /** A host that has no watches left still finds out, with the next command. */
  #watch(root: string): void {
    try {
      this.#watcher = watch(root, { persistent: false }, () => void this.look().catch(() => undefined));
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
  }
}
