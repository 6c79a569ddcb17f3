/**
 * How further shells and terminals are started in a native sandbox: its first shell starts them, and connects them to
 * named pipes that the host has put into a mounted folder. No process of the host enters the sandbox after its start.
 */
import type { AdjustableLimits } from '../../ports.ts';
import {
  assignments, detached, laterShell, type PipeFolder, type Pipes, PIPES, quote, type ShellSource, type StreamChannel, streamsAt, type TerminalChannel, type TerminalProgram,
} from '../../shell/index.ts';
import { LIBRARY } from './bubblewrap.ts';
import { NativeTerminal } from './terminal.ts';

/**
 * The script of the first shell; `$1` is its mark. Until then its streams are those of bubblewrap. `processes` is how many
 * processes the user may have inside, undefined if that is limited otherwise. The option of ulimit for it is -u in some
 * shells and -p in others.
 */
export function firstShell(processes: number | undefined): string {
  const limit = processes === undefined ? '' : `ulimit -u ${processes} 2>/dev/null || ulimit -p ${processes};`;
  const { stdin, stdout, stderr } = streamsAt(PIPES, 0);
  return `${limit}exec <${stdin} >${stdout} 2>${stderr}; ${BEGIN}`;
}
/** How every shell begins: it says where the launcher is, and reads the prelude. */
const BEGIN = `cb_e=${LIBRARY}/launcher; . ${LIBRARY}/prelude`;

export interface PipedShellsOptions {
  readonly pipes: PipeFolder;
  /** From `openFirst`. */
  readonly first: StreamChannel;
  /** Holds the sandbox to other limits. undefined: this host has nothing that could. */
  readonly adjust: ShellSource['adjust'] | undefined;
  /** Removes the sandbox. Resolves when it is gone. */
  destroy(): Promise<void>;
}

/** The streams of the first shell, which are there before the sandbox is started. */
export async function openFirst(pipes: PipeFolder): Promise<StreamChannel> {
  await pipes.show();
  return (await pipes.make()).channel;
}

export class PipedShells implements ShellSource {
  readonly first: StreamChannel;
  readonly adjust?: (limits: AdjustableLimits) => Promise<void>;
  readonly #options: PipedShellsOptions;

  constructor(options: PipedShellsOptions) {
    this.first = options.first;
    this.#options = options;
    if (options.adjust) this.adjust = options.adjust;
  }

  async open(mark: string): Promise<StreamChannel> {
    const { inside, channel } = await this.#pipes();
    void this.first.write(`${detached(inside, laterShell(BEGIN, mark))}\n`);
    return channel;
  }

  /**
   * The program `script` holds the other end of the terminal. A terminal has no stderr, so what the host must know (the
   * name of the terminal, and the exit code) comes on that stream.
   */
  async openTerminal({ command, cwd, env, size }: TerminalProgram): Promise<TerminalChannel> {
    const { inside, channel } = await this.#pipes();
    const begin = `tty >&4; stty cols ${size.cols} rows ${size.rows}; exec 4>&- "$@"`;
    const program = ['exec', 'sh', '-c', begin, 'sh', ...command].map(quote).join(' ');
    const script = `cd -- ${quote(cwd)} && export ${assignments({ ...env, SHELL: '/bin/sh' })}&& ( x script -qefc ${quote(program)} /dev/null 4>&2 2>&1 ); echo "exit $?" >&2`;
    void this.first.write(`${detached(inside, script)}\n`);
    return new NativeTerminal(channel, (line) => void this.first.write(`${line}\n`));
  }

  /** When the first shell ends, the sandbox is gone, and the pipes are closed: nobody waits for their other ends for ever. */
  async #pipes(): Promise<Pipes> {
    const made = await this.#options.pipes.make();
    void this.first.closed.then(() => made.channel.destroy());
    return made;
  }

  destroy(): Promise<void> {
    this.first.destroy();
    return this.#options.destroy();
  }
}
