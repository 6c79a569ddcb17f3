/** What the debugger of a language is: how it is found in a sandbox, how it is started, and what it can do. */
import type { Environment, Isolation, LanguageId, RuntimeInfo } from '../protocol/index.ts';
import type { Engine } from '../runtime/choice/hints.ts';
import type { Files, Program } from '../runtime/ports.ts';
import type { DapEvent, Json } from './dap.ts';
import type { MakeMend } from './mend.ts';

export interface DebugLanguage {
  readonly language: LanguageId;
  /** What can run the programs that are debugged, of several that could, the best first. Absent: it is no matter. */
  readonly engines?: readonly Engine[];
  /** Whether its programs can be debugged in the sandboxes of this runtime, by what confines them. Absent: in those of all. */
  worksIn?(runtime: Pick<RuntimeInfo, 'id' | 'isolation'>): boolean;
  /** The capabilities of the protocol that are known to work with it; no client is told of any other. */
  readonly capabilities: readonly string[];
  /** Whether it is a part of the program, in one process, so that the end of this is the end of the program. */
  readonly inProgram?: boolean;
  /** For what one with this interpreter can wait before anybody needs it (`wake`). undefined: none can. Absent: none can with any. */
  waits?(interpreter: string): Waits | undefined;
  /** Whether this machine has it for sandboxes that have none of their own. `host` says what is there. */
  offered(host: DebugHost): Promise<boolean>;
  /** So many processes and threads the smallest debugged program has, together with its debugger and what builds it. Absent: no more than a sandbox always may. */
  readonly leastPids?: number;
  /** What is said where it is missing: how to get it. */
  readonly hint: string;
  /** Looks for it in a sandbox. */
  find(place: DebugPlace): Promise<FoundAdapter | MissingAdapter>;
  /** The arguments of `launch` for the adapter, with paths of the sandbox. */
  launch(request: LaunchRequest): Json;
  /** Reads how the adapter tells of a process that the program has started. undefined: it tells something else. Absent: those processes are not debugged. */
  child?(event: DapEvent, launch: LaunchRequest): ChildWish | undefined;
  /** Makes good what the adapter lacks or does wrong. Absent: nothing is. An adapter with `child` has none. */
  mends?(launch: LaunchRequest): MakeMend;
}

/** One waits for any program, which it gets with `launch`, or only for the `launch` that it was started for, and has not read the program. */
export type Waits = 'forAny' | 'forProgram';

/** What adapters can learn of the machine of the daemon. */
export interface DebugHost {
  /** The folder, or the file, that the configuration names for the language. */
  readonly folder: string | undefined;
  exists(path: string): Promise<boolean>;
  /** A file of this machine, by its absolute path. undefined: it can't be had. */
  file(path: string): Promise<Buffer | undefined>;
  /** A file that CodeBeaker itself brings, by its name. undefined: it is missing. */
  own(name: string): Promise<Buffer | undefined>;
  /** The files in a folder, for a sandbox: relative paths, and texts of those that `wanted` wants. */
  pack(folder: string, wanted: (path: string) => boolean): Promise<Buffer>;
}

/** The sandbox in which an adapter is looked for. */
export interface DebugPlace {
  readonly host: DebugHost;
  readonly files: Pick<Files, 'write'>;
  /** What confines programs there. */
  readonly isolation: Isolation;
  /** The program that runs the language there; of a language that is compiled, where the compiler will put the program. */
  readonly interpreter: string;
  /** Its options, before the program. */
  readonly options: readonly string[];
  /** The variables of the program. */
  readonly env: Environment;
  /** The file that is to be debugged. */
  readonly program: string;
  readonly args: readonly string[];
  /** Whether the program will run in a terminal. */
  readonly terminal: boolean;
  /** An empty folder that can be written and is removed at the end. */
  readonly scratch: string;
  /** The version of the interpreter, as the runtime knows it. */
  version(): Promise<string | undefined>;
  /** Runs a program of the daemon's own to its end, with the variables of the run and with `env`; its input is empty. `stdout` is the beginning of what it printed. */
  run(command: Program['command'], env?: Environment): Promise<{ readonly code: number | undefined; readonly stdout: string }>;
}

export interface FoundAdapter {
  readonly missing?: undefined;
  readonly name: string;
  readonly version: string;
  /**
   * What is started. A list: it speaks the protocol on its stdin and stdout. A function: it connects to this port of the
   * sandbox's own loopback and speaks there; its streams are those of the program.
   */
  readonly command: readonly string[] | ((port: number, launch: LaunchRequest) => readonly string[]);
  /** Whether the sandbox itself knows what debugs this command line (`Program.debugger`). Default: false. */
  readonly inSandbox?: boolean;
  /** What is written to its stdin before anything else when it is needed. Absent: it can't be started before that. */
  readonly wake?: string;
  /** What the runtime of the language prints in a terminal when a debugged program has ended, and no program means. Absent: nothing. */
  readonly farewell?: string;
  /** The variables that it and the program need, made from those of the run. */
  env(env: Environment): Environment;
}

/** How a process that the program has started is debugged: it runs nothing of its own until that is so. */
export interface ChildWish {
  /** The port of the sandbox's own loopback at which the adapter takes another client. */
  readonly port: number;
  /** The arguments of `attach` there. */
  readonly attach: Json;
}

export interface MissingAdapter {
  /** What is not there, in words for people. */
  readonly missing: string;
  /** What to do, where that of the language does not help. */
  readonly hint?: string;
}

export interface LaunchRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  readonly stopOnEntry: boolean;
  readonly justMyCode: boolean;
  /** Whether the program runs in a terminal. An adapter that does not connect has it started there. */
  readonly terminal: boolean;
  /** What runs the program; of a language that is compiled, the program as the compiler has made it. */
  readonly interpreter: string;
  /** The options of the interpreter, before the program. */
  readonly options: readonly string[];
}
