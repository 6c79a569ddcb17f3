/**
 * What a runtime is to the rest of the house. A runtime makes sandboxes; a sandbox runs programs and holds files.
 * Neither knows of sessions or of the wire. What not every one of them can do is declared in `can`, and every method
 * is there all the same: a method that `can` denies rejects.
 */
import {
  type DirectoryEntry,
  type Environment,
  type Isolation,
  type LanguageId,
  type Limits,
  type Network,
  ProtocolError,
  type RuntimeInfo,
} from '../protocol/index.ts';

export interface Runtime {
  readonly id: string;
  readonly can: RuntimeCan;
  /** What is known now. Never waits, never probes. */
  info(): RuntimeInfo;
  /** Looks again whether this host can run it. Never rejects: what is wrong is in `reason`. */
  refresh(signal: AbortSignal): Promise<RuntimeInfo>;
  /**
   * Calls `changed` whenever it may be worth looking again, until `signal` aborts. Never throws, and holds no process open.
   * A runtime that nobody tells of changes never calls it.
   */
  watch(signal: AbortSignal, changed: () => void): void;
  /**
   * Whether a sandbox for this language can be made without fetching anything first. As of the last `refresh`.
   * `image`: of this one, for runtimes that have them, instead of the one that is configured.
   */
  prepared(language: LanguageId | undefined, image?: string): boolean;
  /**
   * Makes a sandbox. After a rejection nothing of it is left.
   * @throws ProtocolError RuntimeUnavailable, SandboxFailed, IsolationUnavailable
   */
  create(spec: SandboxSpec, context: CreateContext): Promise<Sandbox>;
  /** Removes whatever the runtime still holds. */
  close(): Promise<void>;
}

/** What not every runtime can do. */
export interface RuntimeCan {
  /** Its sandboxes have terminals: `Program.pty`. Without them such a program is refused with LanguageUnsupported. */
  readonly terminals: boolean;
  /** The network modes to which it can confine a sandbox. All others are refused with IsolationUnavailable. */
  readonly networks: readonly Network['mode'][];
}

/** What a sandbox is made from. Policy has been applied: every value is final. */
export interface SandboxSpec {
  /** What the sandbox is called outside: it is part of the names and labels by which people and sweeps find what belongs to it. */
  readonly name: string;
  readonly language: LanguageId | undefined;
  /** An OCI image, for runtimes that have them. */
  readonly image: string | undefined;
  readonly limits: Limits;
  readonly network: Network;
  /** `path` is a real host folder that the client was allowed to share. */
  readonly workspace: SharedFolder | undefined;
}

/** What a sandbox is held to from outside, and can be held to anew. The size of its file systems is not among it. */
export type AdjustableLimits = Pick<Limits, 'memoryBytes' | 'cpus' | 'pids'>;

export interface SharedFolder {
  readonly path: string;
  readonly access: 'copy' | 'readOnly' | 'readWrite';
}

export interface CreateContext {
  readonly signal: AbortSignal;
  /** `percentage` is 0 to 100 while something is fetched, and undefined otherwise. */
  report(message: string, percentage?: number): void;
}

/** What not every sandbox can do. */
export interface SandboxCan {
  /** It can be held to other limits than those it was made with: `adjust`. */
  readonly adjust: boolean;
  /** A folder can be copied into it when it has been made: `copyIn`. */
  readonly copyIn: boolean;
  /** It can tell whether anybody has left something in it: `isPristine`. */
  readonly tellPristine: boolean;
}

export interface Sandbox {
  readonly can: SandboxCan;
  readonly image: string | undefined;
  /** What was found in force inside, layer by layer. */
  readonly isolation: Isolation;
  /** What it used when it had just been made, in bytes. undefined: not known. */
  readonly memoryBytes: number | undefined;
  readonly files: Files;
  /** Resolves, with words for a person, when the sandbox is gone without having been asked to go. */
  readonly lost: Promise<string>;
  /** How this sandbox runs a language, or undefined where it can't. */
  toolchain(language: LanguageId): Promise<Toolchain | undefined>;
  /**
   * Starts a program. Resolves when it has started.
   * @throws ProtocolError SandboxLost, LanguageUnsupported (no such programs here), FileNotFound (cwd)
   */
  start(program: Program, sink: Sink): Promise<Process>;
  /** Whether it lives and nobody has left anything in it. */
  isPristine(): Promise<boolean>;
  /** Changes the limits that can be changed in a sandbox that is there: `AdjustableLimits`. `isolation` tells what has come of it. */
  adjust(limits: Limits): Promise<void>;
  /** Copies a host folder into /workspace. */
  copyIn(path: string, maxBytes: number, signal: AbortSignal): Promise<void>;
  /** Removes it with everything in it. Resolves when it is gone. */
  close(): Promise<void>;
}

/**
 * Refuses a network mode that the `can` of a runtime denies.
 * @throws ProtocolError IsolationUnavailable
 */
export function checkNetwork({ networks }: RuntimeCan, { mode }: Network): void {
  if (networks.includes(mode)) return;
  throw new ProtocolError('IsolationUnavailable', `this runtime can't give a sandbox the network mode ${mode}; use ${networks.join(' or ')}`, { layers: ['network'] });
}

/** How a sandbox answers to what its `can` denies. @throws ProtocolError SandboxFailed */
export function cannot(what: string): Promise<never> {
  return Promise.reject(new ProtocolError('SandboxFailed', `this sandbox can't ${what}`));
}

export interface Program {
  /** A line for `sh`, or a program with its arguments. */
  readonly command: string | readonly string[];
  /** Absolute, below /workspace or /tmp. */
  readonly cwd: string;
  readonly env: Environment;
  /** `none`: stdin is empty. `open`: `Process.write` feeds it. Bytes: these and no more. */
  readonly stdin: 'none' | 'open' | Buffer;
  /** A terminal instead of three pipes. stdin is then always open. */
  readonly pty: TerminalSize | undefined;
}

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export type Stream = 'stdout' | 'stderr' | 'pty';

/** Takes output as it comes. While the promise is pending no more is read, so the program waits. */
export type Sink = (stream: Stream, chunk: Buffer) => void | Promise<void>;

export interface Process {
  /** Resolves after the last byte of output went through the sink. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Sends a signal (a POSIX name such as SIGINT) to the program's process group. */
  signal(name: string): Promise<void>;
  /** Kills every process that the program left or made, after a TERM and `graceMs` (0) if given. `exited` resolves soon after. */
  kill(graceMs?: number): Promise<void>;
  /** Resolves when the bytes are on their way; while pending, send no more. */
  write(bytes: Buffer): Promise<void>;
  end(): void;
  resize(size: TerminalSize): Promise<void>;
}

/** How a program ended. `lost`: the sandbox went away and nobody can know. */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number; readonly usage?: Usage }
  | { readonly kind: 'signaled'; readonly signal: string; readonly usage?: Usage }
  | { readonly kind: 'memoryLimit'; readonly signal: string | null; readonly code: number | null; readonly usage?: Usage }
  | { readonly kind: 'lost'; readonly reason: string };

export interface Usage {
  readonly cpuMs: number;
  /** The highest use of the whole sandbox so far; 0 where it is not known. */
  readonly peakMemoryBytes: number;
}

/** How to run one source file of a language. */
export interface Toolchain {
  /** The extension that a source file given as text gets, with its dot. */
  readonly extension: string;
  /** Of the tool that runs it, where it tells. Starts that tool. */
  version(): Promise<string | undefined>;
  /** How its interpreter is started ahead. undefined: a program could tell that from being started with it. */
  readonly warmUp: WarmUp | undefined;
  /** `file` is absolute; `scratch` is an absolute, empty, writable folder, gone after the last phase. */
  phases(file: string, args: readonly string[], scratch: string): readonly ToolchainPhase[];
}

export interface ToolchainPhase {
  readonly name: 'compile' | 'run';
  readonly command: readonly string[];
  readonly env: Environment;
  /** Absolute path to text: what must be there before the phase starts. */
  readonly files?: Readonly<Record<string, string>>;
}

/** How an interpreter is started before it is known which program it is to run. It waits for an order on its stdin. */
export interface WarmUp {
  /** What an order may bring that was not known at the start: another file, variables, arguments. */
  readonly takes: { readonly file: boolean; readonly env: boolean; readonly args: boolean };
  /** `file` need not be there yet. `scratch` is a folder that is there until the program has ended. */
  start(file: string, scratch: string): WarmStart;
}

export interface WarmStart {
  readonly command: readonly string[];
  readonly env: Environment;
  /** Absolute path to text: what must be there before it starts. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * The file commands. Paths are absolute, clean POSIX paths below /workspace or /tmp.
 * All reject with ProtocolError: FileNotFound, FileExists, WrongFileType, DiskFull, InvalidPath, FileTooLarge, SandboxLost.
 */
export interface Files {
  write(path: string, content: Buffer, options: WriteOptions): Promise<void>;
  /** `length` undefined: to the end. Never more than MAX_FILE_BYTES, else FileTooLarge. */
  read(path: string, offset: number, length: number | undefined): Promise<FileContent>;
  /** Whether it was made: false where the directory was there. */
  createDirectory(path: string, recursive: boolean): Promise<boolean>;
  copy(source: string, destination: string, options: { recursive: boolean; overwrite: boolean }): Promise<void>;
  /** Whether something was deleted: false only with `force`. */
  delete(path: string, options: { recursive: boolean; force: boolean }): Promise<boolean>;
  /** Entries for which `accept` is true, `limit` at the most, sorted by path. */
  list(path: string, options: ListOptions): Promise<{ entries: DirectoryEntry[]; truncated: boolean }>;
}

export interface WriteOptions {
  readonly mode: 'overwrite' | 'create' | 'append';
  readonly executable: boolean | undefined;
}

export interface FileContent {
  readonly bytes: Buffer;
  /** Of the whole file. */
  readonly size: number;
}

export interface ListOptions {
  readonly recursive: boolean;
  readonly limit: number;
  /** Gets the path below the listed directory. */
  accept(relativePath: string): boolean;
}

/** One message carries at most this much file content. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024;

