/**
 * How shells and terminals come into a native sandbox: its first shell starts them, on named pipes of the host's.
 * Nothing of the host ever enters the sandbox afterwards.
 */
import type { AdjustableLimits } from '../../ports.ts';
import {
  assignments, detached, laterShell, type PipeFolder, type Pipes, PIPES, quote, type ShellSource, type StreamChannel, streamsAt, type TerminalChannel, type TerminalProgram,
} from '../../shell/index.ts';
import { LIBRARY } from './bubblewrap.ts';
import { NativeTerminal } from './terminal.ts';

/**
 * Argument of `sh -c` for the first shell; `$1` is its mark. Its own streams are those of bubblewrap until here.
 * `processes` is how many the user may have in there; shells don't agree on the option's name.
 */
export function firstShell(processes: number | undefined): string {
  const limit = processes === undefined ? '' : `ulimit -u ${processes} 2>/dev/null || ulimit -p ${processes};`;
  const { stdin, stdout, stderr } = streamsAt(PIPES, 0);
  return `${limit}exec <${stdin} >${stdout} 2>${stderr}; ${BEGIN}`;
}
/** Of every shell: which launcher there is, and the prelude. */
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

  /** `script` is the terminal's other end. What the host has to know of it comes on the stderr that it has no use for. */
  async openTerminal({ command, cwd, env, size }: TerminalProgram): Promise<TerminalChannel> {
    const { inside, channel } = await this.#pipes();
    const begin = `tty >&4; stty cols ${size.cols} rows ${size.rows}; exec 4>&- "$@"`;
    const program = ['exec', 'sh', '-c', begin, 'sh', ...command].map(quote).join(' ');
    const script = `cd -- ${quote(cwd)} && export ${assignments({ ...env, SHELL: '/bin/sh' })}&& ( x script -qefc ${quote(program)} /dev/null 4>&2 2>&1 ); echo "exit $?" >&2`;
    void this.first.write(`${detached(inside, script)}\n`);
    return new NativeTerminal(channel, (line) => void this.first.write(`${line}\n`));
  }

  /** Whoever waits for the other end of a pipe must not wait for a sandbox that is gone. */
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
