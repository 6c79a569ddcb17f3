/**
 * How shells and terminals come into a native sandbox: its first shell starts them, on named pipes that the host has
 * put into a folder which the sandbox sees and can't change. Nothing of the host ever enters the sandbox afterwards.
 */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fifos } from '../host/fifos.ts';
import { openStreams, type StreamChannel, type Streams } from '../host/streams.ts';
import type { ShellHost, TerminalChannel, TerminalProgram } from '../shell/channel.ts';
import { COMMAND_ID } from '../shell/lines.ts';
import { assignments, quote } from '../shell/quote.ts';
import { LIBRARY, PIPES } from './bubblewrap.ts';
import { NativeTerminal } from './terminal.ts';

/**
 * Argument of `sh -c` for the first shell; `$1` is its mark. Its own streams are those of bubblewrap until here.
 * `processes` is how many the user may have in there; shells don't agree on the option's name.
 */
export function firstShell(processes: number | undefined): string {
  const limit = processes === undefined ? '' : `ulimit -u ${processes} 2>/dev/null || ulimit -p ${processes};`;
  return `${limit}exec <${PIPES}/0.in >${PIPES}/0.out 2>${PIPES}/0.err; ${BEGIN}`;
}
/** Of every shell: which launcher there is, and the prelude. */
const BEGIN = `cb_e=${LIBRARY}/launcher; . ${LIBRARY}/prelude`;

/** The id of no command: what carries it is no command's to kill. */
const OURS = `${COMMAND_ID}=ours`;

export interface PipedShellsOptions {
  /** The host's folder that is PIPES inside. */
  readonly folder: string;
  readonly fifos: Fifos;
  destroy(): Promise<void>;
}

export class PipedShells implements ShellHost {
  readonly first: StreamChannel;
  readonly #options: PipedShellsOptions;
  #next = 1;

  private constructor(first: StreamChannel, options: PipedShellsOptions) {
    this.first = first;
    this.#options = options;
  }

  /** Before the sandbox is started. */
  static async open(options: PipedShellsOptions): Promise<PipedShells> {
    return new PipedShells((await pipes(options, 0)).channel, options);
  }

  async open(mark: string): Promise<StreamChannel> {
    const { inside, channel } = await this.#pipes();
    void this.first.write(`${detached(inside, `${OURS} exec $cb_h -c ${quote(BEGIN)} sh ${mark} later`)}\n`);
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
    const made = await pipes(this.#options, this.#next++);
    void this.first.closed.then(() => made.channel.destroy());
    return made;
  }

  destroy(): Promise<void> {
    this.first.destroy();
    return this.#options.destroy();
  }
}

/** Runs `script` as an orphan, on the streams at `inside`. Where that can't be, they end. */
function detached({ stdin, stdout, stderr }: Streams, script: string): string {
  return `cb_f=': >${stdout} 2>${stderr}';( ( exec <${stdin} >${stdout} 2>${stderr}; ${script} ) & );cb_f=`;
}

interface Pipes {
  /** Their paths in the sandbox. */
  readonly inside: Streams;
  readonly channel: StreamChannel;
}

async function pipes({ folder, fifos }: PipedShellsOptions, number: number): Promise<Pipes> {
  const at = (place: string): Streams => ({ stdin: join(place, `${number}.in`), stdout: join(place, `${number}.out`), stderr: join(place, `${number}.err`) });
  const outside = at(folder);
  await fifos.place(Object.values(outside) as string[]);
  const channel = openStreams(outside);
  // Nobody opens them a second time.
  void channel.closed.then(() => Promise.all(Object.values(outside).map((path: string) => unlink(path).catch(() => undefined))));
  return { inside: at(PIPES), channel };
}
