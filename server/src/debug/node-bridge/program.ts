/** The debugged program as a process: how it is started, what it prints, and how it ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { CHANNEL } from './channel.ts';
import type { CdpTransport } from './cdp.ts';
import { frame, FrameReader } from './frames.ts';
import { tellOutput } from './output.ts';

/** The arguments of `launch`. */
export interface Launch {
  /** Absolute, or relative to `cwd`. */
  readonly program: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to the environment of the bridge. `null` takes a variable out of it. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** Whether to stop before the first statement of the program. Default: false. */
  readonly stopOnEntry?: boolean;
  /** The Node that runs the program. Default: the one that runs the bridge. */
  readonly runtimeExecutable?: string;
  /** Options of Node, before the program. */
  readonly runtimeArgs?: readonly string[];
}

export interface ProgramEvents {
  output(category: 'stdout' | 'stderr', text: string): void;
  message(text: string): void;
  /** Told once, after all that it has printed. */
  ended(exitCode: number): void;
}

/** For how long a program that has ended may keep its streams, which its children have too, in milliseconds. */
const STREAMS_MS = 500;

/** @throws TypeError where they are none */
export function launchOf(value: unknown): Launch {
  const { program, args, cwd, env, runtimeExecutable, runtimeArgs, stopOnEntry } = (value ?? {}) as Partial<Record<keyof Launch, unknown>>;
  const isText = (text: unknown) => text === undefined || typeof text === 'string';
  const isList = (list: unknown) => list === undefined || (Array.isArray(list) && list.every((each) => typeof each === 'string'));
  const isEnv = env === undefined || (typeof env === 'object' && env !== null && Object.values(env).every((each) => each === null || typeof each === 'string'));
  if (typeof program !== 'string' || program === '') throw new TypeError('launch needs `program`, the path of a file.');
  if (!isText(cwd) || !isText(runtimeExecutable) || !isList(args) || !isList(runtimeArgs) || !isEnv) throw new TypeError('An argument of launch is of another type than it should be.');
  return { ...(value as Launch), stopOnEntry: stopOnEntry === true };
}

/** What starts programs. */
export interface Host {
  /** The bundle, which a program loads first. */
  readonly file: string;
  readonly process: Pick<NodeJS.Process, 'execPath' | 'env' | 'kill'>;
}

export class Program implements CdpTransport {
  readonly #host: Host;
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  #ended = false;

  private constructor(host: Host, child: ChildProcess, events: ProgramEvents) {
    this.#host = host;
    this.#child = child;
    this.#channel = child.stdio[CHANNEL] as Duplex;
    const reader = new FrameReader((text) => events.message(text));
    this.#channel.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch {
        // Only a program that writes into the channel itself sends what is no message.
        this.kill();
      }
    });
    this.#channel.on('error', () => undefined);
    tellOutput(child.stdout as Readable, false, (text) => events.output('stdout', text));
    tellOutput(child.stderr as Readable, true, (text) => events.output('stderr', text));
    child.once('exit', (code, signal) => {
      const end = () => {
        if (this.#ended) return;
        this.#ended = true;
        events.ended(code ?? 128 + constants.signals[signal as NodeJS.Signals]);
      };
      child.once('close', end);
      setTimeout(end, STREAMS_MS).unref();
    });
  }

  /** Rejects where it cannot be started. */
  static start(launch: Launch, host: Host, events: ProgramEvents): Promise<Program> {
    const all = { ...host.process.env, ...launch.env };
    const child = spawn(launch.runtimeExecutable ?? host.process.execPath, ['--require', host.file, ...(launch.runtimeArgs ?? []), launch.program, ...(launch.args ?? [])], {
      ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
      env: Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // Then it leads a process group, with all that it starts.
      detached: true,
    });
    return new Promise((resolve, reject) => {
      child.once('error', (fault) => reject(new Error(`The program cannot be started: ${fault.message}`)));
      child.once('spawn', () => resolve(new Program(host, child, events)));
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  send(text: string): void {
    if (this.#channel.writable) this.#channel.write(frame(text));
  }

  /** Stops and goes on reading what it prints. */
  set flowing(flows: boolean) {
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
      this.#host.process.kill(-this.pid, 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  }
}
