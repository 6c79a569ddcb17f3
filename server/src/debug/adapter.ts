/** What the debugger of a language is: how it is found in a sandbox, how it is started, and what it can do. */
import type { Environment, LanguageId } from '../protocol/index.ts';
import type { Engine } from '../runtime/choice/hints.ts';
import type { Files, Program } from '../runtime/ports.ts';
import type { Json } from './dap.ts';

export interface DebugLanguage {
  readonly language: LanguageId;
  /** What has to run the programs, of several that could. Absent: it is no matter. */
  readonly engine?: Engine;
  /** The capabilities of the protocol that are known to work with it; no client is told of any other. */
  readonly capabilities: readonly string[];
  /** Whether this machine has it for sandboxes that have none of their own. `host` says what is there. */
  offered(host: DebugHost): Promise<boolean>;
  /** What is said where it is missing: how to get it. */
  readonly hint: string;
  /** Looks for it in a sandbox. */
  find(place: DebugPlace): Promise<FoundAdapter | MissingAdapter>;
  /** The arguments of `launch` for the adapter, with paths of the sandbox. */
  launch(request: LaunchRequest): Json;
}

/** What adapters can learn of the machine of the daemon. */
export interface DebugHost {
  /** The folder that the configuration names for the language. */
  readonly folder: string | undefined;
  exists(path: string): Promise<boolean>;
  /** A file that CodeBeaker itself brings, by its name. undefined: it is missing. */
  own(name: string): Promise<Buffer | undefined>;
  /** The files in a folder, for a sandbox: relative paths, and texts of those that `wanted` wants. */
  pack(folder: string, wanted: (path: string) => boolean): Promise<Buffer>;
}

/** The sandbox in which an adapter is looked for. */
export interface DebugPlace {
  readonly host: DebugHost;
  readonly files: Pick<Files, 'write'>;
  /** The program that runs the language there. */
  readonly interpreter: string;
  /** An empty folder that can be written and is removed at the end. */
  readonly scratch: string;
  /** Runs a program of the daemon's own to its end; its input is empty. `stdout` is the beginning of what it printed. */
  run(command: Program['command']): Promise<{ readonly code: number | undefined; readonly stdout: string }>;
}

export interface FoundAdapter {
  readonly missing?: undefined;
  readonly name: string;
  readonly version: string;
  /** What speaks the protocol on its stdin and stdout. */
  readonly command: readonly string[];
  /** The variables that it and the program need, made from those of the run. */
  env(env: Environment): Environment;
}

export interface MissingAdapter {
  /** What is not there, in words for people. */
  readonly missing: string;
}

export interface LaunchRequest {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  readonly stopOnEntry: boolean;
  readonly justMyCode: boolean;
  readonly interpreter: string;
  /** The options of the interpreter, before the program. */
  readonly options: readonly string[];
}
