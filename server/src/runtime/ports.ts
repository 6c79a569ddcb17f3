/**
 * The contract of runtimes. A runtime makes sandboxes; a sandbox runs programs and holds files. Neither knows of
 * sessions or of the wire. Every runtime and every sandbox has all the methods below. What some of them can't do is
 * declared in `can`: a method for which `can` says false rejects.
 */
import type { Duplex } from 'node:stream';
import {
  type Environment,
  type Isolation,
  type LanguageId,
  type Limits,
  type Network,
  ProtocolError,
  type RuntimeInfo,
} from '../protocol/index.ts';
import type { Files } from './files.ts';
import type { PackagePlace } from './packages.ts';
import type { Toolchain } from './toolchain.ts';

export * from './files.ts';
export type * from './toolchain.ts';

export interface Runtime {
  /** The name by which clients ask for it: docker, native, deno, ... */
  readonly id: string;
  readonly can: RuntimeCan;
  /** What the last `refresh` found. It is answered from memory, at once. */
  info(): RuntimeInfo;
  /**
   * Finds out whether this host can run the runtime, and what it can do. Resolves with the new `info()`, or with the old
   * one where `signal` aborts first. Never rejects: if the runtime is unavailable, `reason` says why.
   */
  refresh(signal: AbortSignal): Promise<RuntimeInfo>;
  /**
   * Calls `changed` whenever a `refresh` may find something new, until `signal` aborts. Never throws, and does not keep
   * the daemon's process from ending. A runtime that does not hear of changes never calls it.
   */
  watch(signal: AbortSignal, changed: () => void): void;
  /**
   * Whether a sandbox for this language can be made without downloading anything first, as of the last `refresh`.
   * `language` undefined: for no particular language. `image`: made from this image, by default from the one that is
   * configured for the language; runtimes without images ignore it.
   */
  prepared(language: LanguageId | undefined, image?: string): boolean;
  /**
   * What tells the programs in its sandboxes from those in others, as far as that is known: from other images, versions and
   * machines. What was installed for some programs may not work with others. `image`: as in `prepared`.
   */
  programs(language: LanguageId | undefined, image?: string): Promise<string>;
  /**
   * Makes a sandbox. If it rejects, everything that it made on the way has been removed, or is being removed.
   * @throws ProtocolError RuntimeUnavailable, SandboxFailed, IsolationUnavailable, LanguageUnsupported, PolicyDenied, DiskFull
   */
  create(spec: SandboxSpec, context: CreateContext): Promise<Sandbox>;
  /**
   * Removes all sandboxes that are left. None can be made afterwards.
   * @throws AggregateError where some could not be removed
   */
  close(): Promise<void>;
}

/** What not every runtime can do. */
export interface RuntimeCan {
  /** Whether its sandboxes have terminals (`Program.pty`). If not, a program that wants one is refused with LanguageUnsupported. */
  readonly terminals: boolean;
  /** The network modes that a session in its sandboxes can have. Every mode but `none` needs sandboxes with `connections`. */
  readonly networks: readonly Network['mode'][];
  /** Whether its sandboxes can see packages that were installed on this machine, as far as that is known. */
  readonly packages: boolean;
}

/** The modes of runtimes whose sandboxes have connections. */
export const everyNetwork: RuntimeCan['networks'] = ['none', 'allowlist', 'full'];

/** What a sandbox is to be like. Policy has been applied already: a runtime takes every value as it is. */
export interface SandboxSpec {
  /** Part of the names and labels of all that is made for the sandbox outside of it, so that people and sweeps can find it. */
  readonly name: string;
  /** The language for which it is made. undefined: no particular one. */
  readonly language: LanguageId | undefined;
  /** The name of an OCI image. Runtimes without images ignore it. */
  readonly image: string | undefined;
  readonly limits: Limits;
  /** A folder of the host that is to be at /workspace. undefined: an empty one of the sandbox's own. */
  readonly workspace: SharedFolder | undefined;
  /** What it sees of the packages on this machine. Absent: nothing. Sandboxes that can't have it are made without (`SandboxCan.packages`), but for `staging`, which is then refused with SandboxFailed. */
  readonly packages?: PackagePlace | undefined;
}

/** The limits that can be changed while a sandbox lives. The size of its file systems (`diskBytes`) can't. */
export type AdjustableLimits = Pick<Limits, 'memoryBytes' | 'cpus' | 'pids'>;

export interface SharedFolder {
  /** The real path (no links in it) of a host folder that the client was allowed to share. */
  readonly path: string;
  /** `copy`: the sandbox gets a copy of its own. Otherwise it sees the folder itself. */
  readonly access: 'copy' | 'readOnly' | 'readWrite';
}

export interface CreateContext {
  /** Aborts when the sandbox is no longer wanted: then `create` rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Tells the client what is going on. `percentage` is 0 to 100 during a download, and undefined otherwise. */
  report(message: string, percentage?: number): void;
}

/** What not every sandbox can do. */
export interface SandboxCan {
  /** Whether its limits can be changed: `adjust`. */
  readonly adjust: boolean;
  /** Whether a folder can be copied into it after it has been made: `copyIn`. */
  readonly copyIn: boolean;
  /** Whether it can tell that nobody has left anything in it: `isPristine`. */
  readonly tellPristine: boolean;
  /** Whether it can hold a program: `hold`. */
  readonly hold: boolean;
  /** Whether connections lead into it and out of it: `listen`, `connect`, `watchPorts`. */
  readonly connections: boolean;
  /** Whether it can tell what it has used of the processor: `cpuMs`. */
  readonly cpuTime: boolean;
  /** Whether it sees the shelf of packages, and what the daemon shows it: `showModules`, `showFile`. */
  readonly packages: boolean;
}

export interface Sandbox {
  readonly can: SandboxCan;
  /** The name of the OCI image it was made from. undefined: the runtime has no images. */
  readonly image: string | undefined;
  /** What was found in force inside the sandbox, layer by layer. */
  readonly isolation: Isolation;
  /** The memory that it used when it had just been made, in bytes. undefined: not known. */
  readonly memoryBytes: number | undefined;
  readonly files: Files;
  /** Resolves when the sandbox is gone without `close` having been called. The text says why, for people. */
  readonly lost: Promise<string>;
  /** How this sandbox runs a language. undefined: it can't. */
  toolchain(language: LanguageId): Promise<Toolchain | undefined>;
  /**
   * Starts a program, whose output goes to `sink`. Resolves when it has started. If `stop` aborts before, it is killed,
   * however far its start has come.
   * @throws ProtocolError SandboxLost; LanguageUnsupported: this sandbox runs no such programs, or has no terminals;
   * FileNotFound: there is no directory `cwd`; the reason of `stop`, if that has aborted already
   */
  start(program: Program, sink: Sink, stop?: AbortSignal): Promise<Process>;
  /**
   * Starts a program, and stops it where it first looks at `path`. Resolves when it has been stopped.
   * @throws ProtocolError as `start`; SandboxFailed: it can't be held, or has ended before
   */
  hold(program: Program, path: string, sink: Sink): Promise<HeldProcess>;
  /** Whether the sandbox is alive and its folders are as empty as they were at the beginning. */
  isPristine(): Promise<boolean>;
  /** The processor time in milliseconds that everything in it has used since it was made. */
  cpuMs(): Promise<number>;
  /** Changes the limits in `AdjustableLimits`; the others are ignored. `isolation` then says what is in force. */
  adjust(limits: Limits): Promise<void>;
  /**
   * Copies the host folder `path` into /workspace.
   * @throws ProtocolError DiskFull where it is larger than `maxBytes`, SandboxFailed
   */
  copyIn(path: string, maxBytes: number, signal: AbortSignal): Promise<void>;
  /**
   * Listens on 127.0.0.1 inside the sandbox, at `port` (0: any that is free). `accept` gets each connection that a program
   * makes to it: a stream of bytes in both directions, of which each can end by itself. It ends with the sandbox.
   * @throws ProtocolError SandboxFailed where the port is taken or no more can be had; SandboxLost
   */
  listen(port: number, accept: (connection: Duplex) => void): Promise<SandboxPort>;
  /**
   * Connects to what listens at 127.0.0.1, else at ::1, inside the sandbox.
   * @throws ProtocolError SandboxFailed where nothing listens there; SandboxLost
   */
  connect(port: number): Promise<Duplex>;
  /**
   * Calls `changed` with the TCP ports on which programs of the sandbox listen (at loopback or any address), sorted, as
   * soon as they are known, and then whenever they have changed, until `signal` aborts. It looks only while programs run.
   * A sandbox that is gone, or can't tell, has none.
   */
  watchPorts(signal: AbortSignal, changed: (ports: readonly number[]) => void): void;
  /** Makes /node_modules have exactly these links: name → target, which is a path inside. */
  showModules(links: ReadonlyMap<string, string>): Promise<void>;
  /** Puts a file where the programs of this sandbox can read it and not change it, in place of one of the same name. Resolves with its path inside. */
  showFile(name: string, text: string): Promise<string>;
  /** Removes the sandbox with everything in it. Resolves when it is gone. A second call gets the result of the first. */
  close(): Promise<void>;
}

/** A port on which a sandbox listens for its daemon. */
export interface SandboxPort {
  readonly port: number;
  /** Takes no more connections. Those that were made go on. */
  close(): void;
}

/** How a sandbox answers a call of what its `can` says it can't. `what` completes "this sandbox can't". @throws ProtocolError SandboxFailed */
export function cannot(what: string): Promise<never> {
  return Promise.reject(new ProtocolError('SandboxFailed', `this sandbox can't ${what}`));
}

export interface Program {
  /** A text is a command line for `sh -c`. A list is a program and its arguments. */
  readonly command: string | readonly string[];
  /** The working directory: an absolute path, /workspace or /tmp or below one of them. */
  readonly cwd: string;
  /** Variables that are set in addition to those of the sandbox, or in place of them. */
  readonly env: Environment;
  /** `none`: stdin is at its end from the beginning. `open`: `Process.write` and `Process.end` feed it. A Buffer: exactly these bytes. */
  readonly stdin: 'none' | 'open' | Buffer;
  /** If given, the program gets a terminal of this size instead of three pipes, and its stdin is open, whatever `stdin` says. */
  readonly pty: TerminalSize | undefined;
  /** Whether its stderr is its stdout, as after `2>&1`: what it writes to either comes as stdout, in the order in which it was written. Default: false. */
  readonly stderrToStdout?: boolean | undefined;
  /** Whether what debugs the program starts in its place, and not the program. No command of a client says that: only Deno in bubblewrap knows it, and it may do there what no program may. Default: false. */
  readonly debugger?: boolean | undefined;
}

/** The variable TERM of a program on a terminal, unless its own variables say something else. */
export const TERMINAL_TYPE = 'xterm-256color';

/** In characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** Where output came from. A program on a terminal has `pty` alone. */
export type Stream = 'stdout' | 'stderr' | 'pty';

/** Takes output as it comes. While a promise that it returned is pending, no more is read, so that the program has to wait. */
export type Sink = (stream: Stream, chunk: Buffer) => void | Promise<void>;

/** A program that was started. When it has ended, only `kill` still has an effect: on what the program has left. */
export interface Process {
  /** Resolves when the program has ended and the sink has taken all of its output. Never rejects. */
  readonly exited: Promise<Exit>;
  /**
   * Sends a signal, by its POSIX name such as SIGINT, to the program's process group. Resolves with false if the program
   * has ended, as far as is known.
   * @throws ProtocolError InvalidParams where there is no such signal
   */
  signal(name: string): Promise<boolean>;
  /**
   * Kills the program and every process that it has started, also those that outlived it. `graceMs`, by default 0: if
   * more, SIGTERM is sent first, and the program has so many milliseconds to end by itself. `exited` resolves soon after.
   */
  kill(graceMs?: number): Promise<void>;
  /** Writes to stdin. Resolves when more may be written. */
  write(bytes: Buffer): Promise<void>;
  /** Ends stdin. On a terminal that is Ctrl-D. */
  end(): void;
  /** Gives the terminal another size. Without a terminal nothing happens. */
  resize(size: TerminalSize): Promise<void>;
}

/** A program that is stopped where it first looks at a path. */
export interface HeldProcess extends Process {
  /** Lets it go on. False: it was killed instead, since `stop` has aborted, or something was done to it, or to what it has looked at so far. */
  release(stop?: AbortSignal): Promise<boolean>;
}

/**
 * How a program ended. `signaled`: a signal ended it; its name is as in SIGKILL. `memoryLimit`: it was ended because it,
 * or the whole sandbox, used too much memory; by that signal, or with that code. `lost`: the sandbox went away, so that
 * nobody knows how the program ended.
 */
export type Exit =
  | { readonly kind: 'exited'; readonly code: number; readonly usage?: Usage }
  | { readonly kind: 'signaled'; readonly signal: string; readonly usage?: Usage }
  | { readonly kind: 'memoryLimit'; readonly signal: string | null; readonly code: number | null; readonly usage?: Usage }
  | { readonly kind: 'lost'; readonly reason: string };

export interface Usage {
  /** Processor time of the program and its children, in milliseconds. */
  readonly cpuMs: number;
  /** The most memory that the whole sandbox has used so far, in bytes; 0 where it is not known. */
  readonly peakMemoryBytes: number;
}
