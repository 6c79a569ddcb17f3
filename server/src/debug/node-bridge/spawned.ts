/** A process that the bridge has started: what it prints, and how it ends. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { tellOutput } from './output.ts';
import { Patience } from './patience.ts';
import type { Host, ProgramEvents } from './program.ts';

export interface SpawnOptions {
  readonly command: readonly string[];
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Whether it has the descriptor CHANNEL, a socket pair with the bridge. */
  readonly channel: boolean;
  /** Whether it runs in the terminal of the bridge, in the process group to which keys such as Ctrl-C go. */
  readonly terminal: boolean;
}

/** For how long a program that has ended may keep its streams, which its children have too, in milliseconds in which they are read. */
export const STREAMS_MS = 500;

export class Spawned {
  readonly #process: Host['process'];
  readonly #child: ChildProcess;
  #flowing = true;
  /** Is there when it has ended and its streams have not. */
  #patience: Patience | undefined;

  private constructor(process: Host['process'], child: ChildProcess, ended: ProgramEvents['ended']) {
    this.#process = process;
    this.#child = child;
    let isOver = false;
    child.once('exit', (code, signal) => {
      const end = () => {
        if (isOver) return;
        isOver = true;
        ended(code ?? -constants.signals[signal as NodeJS.Signals]);
      };
      child.once('close', end);
      this.#patience = new Patience(STREAMS_MS, end);
      this.#patience.counting = this.#flowing;
    });
  }

  /** Rejects where it cannot be started. */
  static start({ command: [file = '', ...args], cwd, env, channel, terminal }: SpawnOptions, process: Host['process'], events: Pick<ProgramEvents, 'output' | 'ended'>): Promise<Spawned> {
    const streams: StdioOptions = terminal ? ['inherit', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    // Without a terminal it leads a process group, with all that it starts.
    const child = spawn(file, args, { ...(cwd === undefined ? {} : { cwd }), env, stdio: channel ? [...streams, 'pipe'] : streams, detached: !terminal });
    if (child.stdout) tellOutput(child.stdout, false, (text) => events.output('stdout', text));
    if (child.stderr) tellOutput(child.stderr, true, (text) => events.output('stderr', text));
    return new Promise((resolve, reject) => {
      child.once('error', (fault) => reject(new Error(`The program cannot be started: ${fault.message}`)));
      child.once('spawn', () => resolve(new Spawned(process, child, (exitCode) => events.ended(exitCode))));
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The bridge's end of a descriptor of the program. */
  stream(descriptor: number): Duplex {
    return this.#child.stdio[descriptor] as Duplex;
  }

  /** Whether its output is read. */
  set flowing(flows: boolean) {
    this.#flowing = flows;
    if (this.#patience) this.#patience.counting = flows;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (flows) stream?.resume();
      else stream?.pause();
    }
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  /** Kills it and all that it has started. */
  kill(): void {
    try {
      this.#process.kill(-this.pid, 'SIGKILL');
    } catch {
      // All of them have ended, or there is no permission for more than the program itself.
      this.#child.kill('SIGKILL');
    }
  }
}
