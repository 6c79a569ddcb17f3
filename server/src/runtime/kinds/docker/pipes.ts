/**
 * A faster way into a container that runs on the same kernel as the daemon: named pipes in a folder that is mounted in
 * the container. What goes through them does not pass through the engine and its shim, and a further shell is started by
 * the first one instead of by the engine.
 */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { type Undo, undoing } from '../../../base/undo.ts';
import { ProtocolError } from '../../../protocol/index.ts';
import type { Fifos } from '../../machine/fifos.ts';
import type { Keeper } from '../../machine/keeper.ts';
import { type Channel, detached, laterShell, PipeFolder, type Pipes, PIPES, prelude, type StreamChannel, type Streams } from '../../shell/index.ts';
import { removeIfThere } from '../../machine/remove.ts';
import { walkerFor } from '../../machine/walk.ts';
import type { MountSettings } from './engine.ts';
import { FirstChannel } from './first.ts';

export interface PipesParts {
  readonly keeper: Keeper;
  readonly fifos: Fifos;
}

/** Every boot of every kernel has its own. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * Whether the engine refused a mount. It may be that of the folder of pipes: an engine that runs in another file system
 * than the daemon, such as in a virtual machine, does not see that folder.
 */
export function isMountRefused(fault: unknown): boolean {
  return fault instanceof ProtocolError && fault.data.status !== undefined && /mount|source path|statfs/i.test(fault.message);
}

export class ContainerPipes {
  readonly #folder: string;
  readonly #bootId: string;
  readonly #pipes: PipeFolder;
  readonly #first: Pipes;
  readonly #undo: Undo;

  /** To be called before the container is made. undefined: the host is not Linux, and has no boot id. */
  static async make({ keeper, fifos }: PipesParts): Promise<ContainerPipes | undefined> {
    const bootId = await readFile(BOOT_ID, 'utf8').catch(() => undefined);
    if (bootId === undefined) return undefined;
    return undoing(async (undo) => {
      const folder = await mkdtemp(join(await keeper.folder(), 'container-'));
      undo.add(() => removeIfThere(walkerFor('linux'), folder));
      const pipes = new PipeFolder(folder, fifos);
      await Promise.all([pipes.show(), writeFile(join(folder, 'prelude'), prelude(undefined), { mode: 0o644 })]);
      const first = await pipes.make();
      undo.add(() => first.channel.destroy());
      return new ContainerPipes(folder, bootId.trim(), pipes, first, undo);
    });
  }

  private constructor(folder: string, bootId: string, pipes: PipeFolder, first: Pipes, undo: Undo) {
    this.#folder = folder;
    this.#bootId = bootId;
    this.#pipes = pipes;
    this.#first = first;
    this.#undo = undo;
  }

  get mount(): MountSettings {
    return { Type: 'bind', Source: this.#folder, Target: PIPES, ReadOnly: true, BindOptions: { Propagation: 'rprivate', NonRecursive: true } };
  }

  /** The channel of the first shell, which begins on `lease`. */
  first(lease: Channel, clock: Clock): FirstChannel {
    return new FirstChannel(lease, this.#first.channel, clock);
  }

  /**
   * Changes the first shell over to the pipes, when it is ready. `run` runs shell builtins in it and resolves with their
   * status. Resolves with false where the container runs on another kernel or can't open the pipes; then nothing has changed.
   */
  async divert(run: (script: string) => Promise<number>, channel: FirstChannel): Promise<boolean> {
    if ((await run(changeOver(this.#bootId, this.#first.inside))) !== 0) return false;
    channel.divert();
    return true;
  }

  /** Has the first shell, which has been changed over, start another one. */
  async open(first: Channel, mark: string): Promise<StreamChannel> {
    const { inside, channel } = await this.#pipes.make();
    void first.closed.then(() => channel.destroy());
    void first.write(`${detached(inside, laterShell(BEGIN, mark))}\n`);
    return channel;
  }

  /** To be called when the container is gone. */
  remove(): Promise<void> {
    return this.#undo.all();
  }
}

/** How a further shell begins. The launcher is an open file of the first shell, if it has one: its children inherit the descriptor. */
const BEGIN = `cb_e=; [ -x /proc/$$/fd/9 ] && cb_e=/proc/$$/fd/9; . ${PIPES}/prelude`;

/** Afterwards the prelude counts anew who holds the shell's streams (`u`, `U`). */
function changeOver(bootId: string, { stdin, stdout, stderr }: Streams): string {
  const able = `read -r cb_b <${BOOT_ID}&&[ "$cb_b" = ${bootId} ]&&[ -r ${stdin} ]&&[ -w ${stdout} ]&&[ -w ${stderr} ]`;
  return `if ${able}&&command exec <${stdin} >${stdout} 2>${stderr};then u;U=$n;else r=1;fi`;
}
