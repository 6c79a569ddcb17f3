/**
 * A folder of named pipes that a sandbox sees and can't change: the streams of the shells in it. Whoever runs inside
 * may open them as it may open those of any process of its user's.
 */
import { chmod, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMAND_ID } from './lines.ts';
import { quote } from './quote.ts';
import type { Fifos } from '../machine/fifos.ts';
import { openStreams, type StreamChannel, type Streams } from './streams.ts';

/** Where the folder is inside. */
export const PIPES = '/.codebeaker/pipes';

/** The id of no command: what carries it is no command's to kill. */
export const OURS = `${COMMAND_ID}=ours`;

export interface Pipes {
  /** Their paths in the sandbox. */
  readonly inside: Streams;
  /** Our ends. */
  readonly channel: StreamChannel;
}

export class PipeFolder {
  readonly #folder: string;
  readonly #fifos: Fifos;
  #next = 0;

  /** `folder` is there, and this one's alone. */
  constructor(folder: string, fifos: Fifos) {
    this.#folder = folder;
    this.#fifos = fifos;
  }

  /** For everybody who can reach it. */
  async show(): Promise<void> {
    await chmod(this.#folder, 0o755);
  }

  /** The streams of one more shell; those of the first are numbered 0. */
  async make(): Promise<Pipes> {
    const number = this.#next++;
    const outside = streamsAt(this.#folder, number);
    const paths = Object.values(outside) as string[];
    await this.#fifos.place(paths);
    const channel = openStreams(outside);
    // Nobody opens them a second time.
    void channel.closed.then(() => Promise.all(paths.map((path) => unlink(path).catch(() => undefined))));
    return { inside: streamsAt(PIPES, number), channel };
  }
}

export function streamsAt(folder: string, number: number): Streams {
  return { stdin: join(folder, `${number}.in`), stdout: join(folder, `${number}.out`), stderr: join(folder, `${number}.err`) };
}

/** A line for a first shell: runs `script` as an orphan on these streams. Where that can't be, they end. */
export function detached({ stdin, stdout, stderr }: Streams, script: string): string {
  const end = `: >${stdout} 2>${stderr}`;
  // If the orphan cannot be forked, a subshell of busybox loops for ever, unless that happens in an eval of its own.
  const orphan = quote(`( exec <${stdin} >${stdout} 2>${stderr}; ${script} ) &`);
  return `cb_f='${end}';( command eval ${orphan} )||${end};cb_f=`;
}

/** What becomes another held shell, of those that a first shell starts. `begin` runs the prelude. */
export function laterShell(begin: string, mark: string): string {
  return `${OURS} exec $cb_h -c ${quote(begin)} sh ${mark} later`;
}
