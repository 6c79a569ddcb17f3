/** The debugged program: what it is started from, and what the bridge needs of it. */
import type { CdpTransport } from './cdp.ts';

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
  /** Told once, after all that it has printed. Where a signal has ended it, the number of that is told, and is negative. */
  ended(exitCode: number): void;
}

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
  /** Whether programs run in the terminal of the bridge, with its streams. */
  readonly terminal: boolean;
  /** Rejects where the program cannot be started. */
  start(launch: Launch, host: Host, events: ProgramEvents): Promise<Program>;
}

/** A program that runs, with the conversation with its inspector. */
export interface Program extends CdpTransport {
  /** Stops and goes on reading what it prints. */
  flowing: boolean;
  terminate(): void;
  /** Kills it and all that it has started. */
  kill(): void;
}

/** The variables of a program. */
export function environmentFor({ env }: Pick<Launch, 'env'>, { process }: Pick<Host, 'process'>): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...process.env, ...env }).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
