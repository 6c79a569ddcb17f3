/** Named pipes, for the streams of processes that the daemon does not start itself. They are made in advance, many at a time. */
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import type { Keeper } from './keeper.ts';
import { spawn } from './spawn.ts';

/** So many are made by one run of mkfifo, which takes as long as making one. */
const BATCH = 30;
/** When no more than this are left, the next ones are made. */
const FEW = 9;

export class Fifos {
  readonly #keeper: Keeper;
  readonly #ready: string[] = [];
  #making: Promise<void> | undefined;
  #made = 0;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  /** Resolves when there are enough for the next sandbox. */
  async prepare(): Promise<void> {
    if (this.#ready.length <= FEW) await (this.#making ??= this.#make().finally(() => (this.#making = undefined)));
  }

  /** Puts a named pipe at each of `paths`. Every user may read and write it. @throws ProtocolError SandboxFailed */
  async place(paths: readonly string[]): Promise<void> {
    while (this.#ready.length < paths.length) await this.prepare();
    const taken = this.#ready.splice(0, paths.length);
    void this.prepare().catch(() => undefined);
    await Promise.all(paths.map((path, index) => rename(taken[index] as string, path)));
  }

  async #make(): Promise<void> {
    const folder = join(await this.#keeper.folder(), 'fifos');
    await mkdir(folder, { recursive: true });
    const paths = Array.from({ length: BATCH }, () => join(folder, String(this.#made++)));
    const { pid, ended } = await spawn(
      { command: ['mkfifo', '-m', '666', ...paths], cwd: '/', env: { PATH: '/usr/local/bin:/usr/bin:/bin' }, stdin: 'none', prepare: '' },
      this.#keeper,
    );
    const { code } = await ended;
    this.#keeper.release(pid);
    if (code !== 0) throw new ProtocolError('SandboxFailed', 'named pipes could not be made on this host: is mkfifo installed, and is there room in the temporary folder?');
    this.#ready.push(...paths);
  }
}
