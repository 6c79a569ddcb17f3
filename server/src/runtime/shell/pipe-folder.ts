/**
 * A folder of named pipes, which are the streams of the shells in a sandbox. It is mounted read-only in the sandbox.
 * Programs inside can open the pipes, as they can open the streams of any process of their own user.
 */
import { chmod, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMAND_ID } from './lines.ts';
import { quote } from './quote.ts';
import type { Fifos } from '../machine/fifos.ts';
import { openStreams, type StreamChannel, type Streams } from './streams.ts';

/** Where the folder is mounted inside. */
export const PIPES = '/.codebeaker/pipes';

/** Shells of our own have this id, which is that of no command, so that killing a command does not kill them. */
export const OURS = `${COMMAND_ID}=ours`;

export interface Pipes {
  /** The paths of the pipes in the sandbox. */
  readonly inside: Streams;
  /** The daemon's ends. */
  readonly channel: StreamChannel;
}

export class PipeFolder {
  readonly #folder: string;
  readonly #fifos: Fifos;
  #next = 0;

  /** `folder` exists, and is used by nobody else. */
  constructor(folder: string, fifos: Fifos) {
    this.#folder = folder;
    this.#fifos = fifos;
  }

  /** Lets every user enter the folder who can reach it. */
  async show(): Promise<void> {
    await chmod(this.#folder, 0o755);
  }

  /** Makes the streams of one more shell. Those of the first shell have the number 0. */
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

/** A line for a first shell, which then runs `script` as an orphan process on these streams. If no process can be started, the streams end. */
export function detached({ stdin, stdout, stderr }: Streams, script: string): string {
  const end = `: >${stdout} 2>${stderr}`;
  // If the orphan cannot be forked, a subshell of busybox loops for ever, unless that happens in an eval of its own.
  const orphan = quote(`( exec <${stdin} >${stdout} 2>${stderr}; ${script} ) &`);
  return `cb_f='${end}';( command eval ${orphan} )||${end};cb_f=`;
}

/** The script of a further held shell that a first shell starts. `begin` runs the prelude. */
export function laterShell(begin: string, mark: string): string {
  return `${OURS} exec $cb_h -c ${quote(begin)} sh ${mark} later`;
}
