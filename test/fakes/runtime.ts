/** A fake runtime, for tests of what uses runtimes. Its programs are scripts (see process.ts). */
import type { Duplex } from 'node:stream';
import { deferred } from '../../server/src/base/promises.ts';
import type { Clock } from '../../server/src/base/clock.ts';
import { type Isolation, type LanguageId, type Limits, ProtocolError, type RuntimeInfo } from '../../server/src/protocol/index.ts';
import { cannot, type CreateContext, everyNetwork, type HeldProcess, type Process, type Program, type Runtime, type RuntimeCan, type Sandbox, type SandboxPort, type SandboxSpec, type Sink, type Toolchain } from '../../server/src/runtime/ports.ts';
import { FakeFiles } from './files.ts';
import { FakeProcess } from './process.ts';

export interface FakeOptions {
  readonly clock: Clock;
  readonly id?: string;
  /** The languages that it runs. A source file of each is a script. */
  readonly languages?: readonly LanguageId[];
  /** Whether it has terminals. */
  readonly pty?: boolean;
  readonly isolation?: Isolation;
  /** The image of every language, for a runtime that has images. */
  readonly image?: string;
  /** The phases in which a source file is run, if there are several. */
  readonly phases?: Toolchain['phases'];
  readonly minds?: Toolchain['minds'];
  /** Whether its sandboxes see packages. Default: false. */
  readonly packages?: boolean;
  /** Whether the limits of its sandboxes can be changed. With `refuses` they declare that they can, and then fail. */
  readonly adjusts?: boolean | 'refuses';
  /** Whether its sandboxes tell their processor time. Default: true. */
  readonly tellsCpuTime?: boolean;
  /** Whether connections lead out of its sandboxes. */
  readonly connections?: boolean;
  /** Whether a folder can be copied into its sandboxes after they were created. */
  readonly copiesIn?: boolean;
  /** `create`, `start` and `close` await these, so that a test can hold them up or make them fail. */
  readonly creating?: (spec: SandboxSpec, context: CreateContext) => Promise<void> | void;
  readonly starting?: (program: Program, stop: AbortSignal | undefined) => Promise<void> | void;
  /** Runs a program in its own way. undefined: it is a script, as all others are. */
  readonly running?: (program: Program, sink: Sink) => OtherProcess | undefined;
  readonly closing?: (sandbox: FakeSandbox) => Promise<void> | void;
}

/** A fake program that is no script. */
export interface OtherProcess extends Process {
  /** Its sandbox has been closed, or was lost. */
  gone(how: 'closed' | 'lost'): void;
}

const everything: Isolation = { score: 9, layers: [{ name: 'everything', state: 'enforced' }] };

export class FakeRuntime implements Runtime {
  readonly id: string;
  readonly can: RuntimeCan;
  /** Every sandbox that was created, including those that are closed. */
  readonly made: FakeSandbox[] = [];
  readonly #options: FakeOptions;
  /** Why it is unavailable; undefined if it is available. A test may set it. */
  reason: string | undefined;

  constructor(options: FakeOptions) {
    this.id = options.id ?? 'fake';
    this.can = { terminals: options.pty ?? true, networks: options.connections ? everyNetwork : ['none'], packages: options.packages ?? false };
    this.#options = options;
  }

  /** The sandboxes that are not closed. */
  get open(): FakeSandbox[] {
    return this.made.filter((sandbox) => !sandbox.gone);
  }

  info(): RuntimeInfo {
    const { languages = [], isolation = everything, image } = this.#options;
    return {
      id: this.id,
      available: this.reason === undefined,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      languages: languages.map((id) => ({ id, ...(image === undefined ? {} : { image }) })),
      isolation,
      startup: { coldMs: 1, warmMs: 1, measured: false },
      memoryBytes: 0,
    };
  }

  async refresh(): Promise<RuntimeInfo> {
    return this.info();
  }

  watch(_signal: AbortSignal, _changed: () => void): void {
    // It never changes by itself. A test that needs a change reports it.
  }

  prepared(language: LanguageId | undefined): boolean {
    return language === undefined || (this.#options.languages ?? []).includes(language);
  }

  programs(): Promise<string> {
    return Promise.resolve('fake programs');
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<FakeSandbox> {
    if (this.reason !== undefined) throw new ProtocolError('RuntimeUnavailable', this.reason, { runtime: this.id });
    context.report('creating a fake sandbox');
    await this.#options.creating?.(spec, context);
    context.signal.throwIfAborted();
    const sandbox = new FakeSandbox(spec, this.#options);
    this.made.push(sandbox);
    return sandbox;
  }

  async close(): Promise<void> {
    await Promise.all(this.made.map((sandbox) => sandbox.close()));
  }
}

export class FakeSandbox implements Sandbox {
  readonly can;
  readonly memoryBytes = undefined;
  readonly spec: SandboxSpec;
  readonly image: string | undefined;
  readonly isolation: Isolation;
  readonly files: FakeFiles;
  /** Every program that was started, including those that have ended. */
  readonly processes: FakeProcess[] = [];
  readonly others: OtherProcess[] = [];
  closes = 0;
  /** The links of its /node_modules. */
  modules: ReadonlyMap<string, string> = new Map();
  /** The files that it was shown, by their names. */
  readonly shown = new Map<string, string>();
  /** The limits that it was given after it was created. */
  readonly adjusted: Limits[] = [];
  /** Takes a connection that a program makes to the port on which the daemon listens. */
  accept: ((connection: Duplex) => void) | undefined;
  /** The folders of the host that were copied into it after it was created. */
  readonly copied: string[] = [];
  readonly #options: FakeOptions;
  readonly #lost = deferred<string>();
  #gone = false;

  constructor(spec: SandboxSpec, options: FakeOptions) {
    this.spec = spec;
    this.image = spec.image;
    this.isolation = options.isolation ?? everything;
    this.#options = options;
    this.files = new FakeFiles(() => this.#check());
    this.can = { adjust: options.adjusts !== undefined && options.adjusts !== false, copyIn: options.copiesIn ?? false, tellPristine: true, hold: false, connections: options.connections ?? options.packages ?? false, cpuTime: options.tellsCpuTime ?? true, packages: options.packages ?? false };
  }

  get gone(): boolean {
    return this.#gone;
  }

  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  async toolchain(language: LanguageId): Promise<Toolchain | undefined> {
    this.#check();
    if (!this.#options.languages?.includes(language)) return undefined;
    const { phases = (file, args) => [{ name: 'run', command: ['run-file', file, ...args], env: {} }] } = this.#options;
    return { extension: '.fake', version: () => Promise.resolve(undefined), warmUp: { extra: () => ({ env: {} }), early: /^PYTHON/ }, minds: this.#options.minds, phases };
  }

  async start(program: Program, sink: Sink, stop?: AbortSignal): Promise<Process> {
    this.#check();
    if (program.pty && this.#options.pty === false) throw new ProtocolError('LanguageUnsupported', 'this runtime has no terminals');
    await this.#options.starting?.(program, stop);
    this.#check();
    if (!this.files.isDirectory(program.cwd)) throw new ProtocolError('FileNotFound', `${program.cwd} does not exist`, { path: program.cwd });
    const other = this.#options.running?.(program, sink);
    if (other) {
      this.others.push(other);
      return other;
    }
    const process = new FakeProcess({ ...program, command: await this.#script(program.command) }, sink, this.#options.clock, (ms) => void (this.cpu += ms));
    this.processes.push(process);
    return process;
  }

  hold(): Promise<HeldProcess> {
    return cannot('hold a program');
  }

  /** Returns whether no file was written into it. */
  async isPristine(): Promise<boolean> {
    this.#check();
    return this.files.empty;
  }

  /** What it has used of the processor, in milliseconds. A test may set it. */
  cpu = 0;

  async cpuMs(): Promise<number> {
    this.#check();
    return this.cpu;
  }

  async adjust(limits: Limits): Promise<void> {
    if (!this.can.adjust) return cannot('be held to other limits');
    if (this.#options.adjusts === 'refuses') throw new ProtocolError('SandboxFailed', 'it can not');
    this.adjusted.push(limits);
  }

  async copyIn(path: string): Promise<void> {
    if (!this.can.copyIn) return cannot('be given a folder after it has been made');
    this.copied.push(path);
  }

  async listen(_port: number, accept: (connection: Duplex) => void): Promise<SandboxPort> {
    this.#check();
    if (!this.can.connections) return cannot('take connections of programs');
    this.accept = accept;
    return { port: 4000, close: () => (this.accept = undefined) };
  }

  connect(): Promise<Duplex> {
    return cannot('be connected to');
  }

  async showModules(links: ReadonlyMap<string, string>): Promise<void> {
    this.modules = links;
  }

  async showFile(name: string, text: string): Promise<string> {
    this.shown.set(name, text);
    return `/shown/${name}`;
  }

  watchPorts(_signal: AbortSignal, changed: (ports: readonly number[]) => void): void {
    changed([]);
  }

  /** Destroys it as if it were lost, without being asked to. */
  destroy(reason = 'it was destroyed'): void {
    if (this.#gone) return;
    this.#gone = true;
    for (const process of this.processes) process.lose(reason);
    for (const other of this.others) other.gone('lost');
    this.#lost.resolve(reason);
  }

  async close(): Promise<void> {
    this.closes += 1;
    this.#gone = true;
    await Promise.all(this.processes.map((process) => process.kill()));
    for (const process of this.processes) process.stop({ kind: 'signaled', signal: 'SIGKILL' });
    for (const other of this.others) other.gone('closed');
    await this.#options.closing?.(this);
  }

  async #script(command: Program['command']): Promise<Program['command']> {
    const [run, file, ...args] = typeof command === 'string' ? [] : command;
    if (run !== 'run-file' || file === undefined) return command;
    return ['fake', (await this.files.read(file, 0, undefined)).bytes.toString(), ...args];
  }

  #check(): void {
    if (this.#gone) throw new ProtocolError('SandboxLost', 'the sandbox is gone; create a new session');
  }
}
