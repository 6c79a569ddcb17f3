/** A runtime whose sandboxes and programs do what the test says, when it says so. */
import { deferred } from '../../server/src/base/promises.ts';
import { type Isolation, ProtocolError, type LanguageId, type RuntimeInfo } from '../../server/src/protocol/index.ts';
import type {
  CreateContext, Exit, FileContent, Files, Process, Program, Runtime, Sandbox, SandboxSpec, Sink, Stream, TerminalSize, Toolchain, WriteOptions,
} from '../../server/src/runtime/ports.ts';

/** What a call waits for before it goes on. Nothing unless the test holds it. */
export class Gate {
  #opened: Promise<void> = Promise.resolve();

  /** The result lets everything through that waits, or fails it. */
  hold(): (fault?: unknown) => void {
    const { promise, resolve, reject } = deferred();
    this.#opened = promise;
    return (fault) => (fault === undefined ? resolve() : reject(fault));
  }

  get passed(): Promise<void> {
    return this.#opened;
  }
}

export class ScriptedProcess implements Process {
  readonly program: Program;
  readonly signals: string[] = [];
  readonly sizes: TerminalSize[] = [];
  /** The grace of each kill. */
  readonly kills: number[] = [];
  readonly input: Buffer[] = [];
  inputEnded = false;
  /** How it answers a kill; undefined: not by itself. */
  killed: Exit | undefined = { kind: 'signaled', signal: 'SIGKILL' };
  readonly writeGate = new Gate();
  readonly #sink: Sink;
  readonly #exited = deferred<Exit>();
  #printing: Promise<unknown> = Promise.resolve();

  constructor(program: Program, sink: Sink) {
    this.program = program;
    this.#sink = sink;
  }

  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  /** Resolves when the sink has taken it. */
  print(stream: Stream, data: string | Buffer): Promise<void> {
    const taken = Promise.resolve(this.#sink(stream, Buffer.from(data)));
    this.#printing = Promise.all([this.#printing, taken]);
    return taken;
  }

  /** It ends when all it printed has been taken. */
  exit(exit: Exit | number): void {
    const how: Exit = typeof exit === 'number' ? { kind: 'exited', code: exit } : exit;
    void this.#printing.then(() => this.#exited.resolve(how));
  }

  async signal(name: string): Promise<void> {
    this.signals.push(name);
  }

  async kill(graceMs = 0): Promise<void> {
    this.kills.push(graceMs);
    if (this.killed) this.exit(this.killed);
  }

  async write(bytes: Buffer): Promise<void> {
    await this.writeGate.passed;
    this.input.push(bytes);
  }

  end(): void {
    this.inputEnded = true;
  }

  async resize(size: TerminalSize): Promise<void> {
    this.sizes.push(size);
  }

  get text(): string {
    return Buffer.concat(this.input).toString();
  }
}

/** Files by path. `readOnly` names folders nothing can be written in. */
export class ScriptedFiles implements Files {
  readonly contents = new Map<string, Buffer>();
  readonly folders = new Set<string>();
  readonly readOnly = new Set<string>();
  /** Every call that began and that ended, in order. */
  readonly calls: string[] = [];
  readonly gate = new Gate();

  async write(path: string, content: Buffer, { mode }: WriteOptions): Promise<void> {
    await this.#call('write', path);
    if ([...this.readOnly].some((folder) => path.startsWith(`${folder}/`))) throw new ProtocolError('InvalidPath', `${path}: it is read-only`);
    const before = mode === 'append' ? (this.contents.get(path) ?? Buffer.alloc(0)) : Buffer.alloc(0);
    this.contents.set(path, Buffer.concat([before, content]));
  }

  async read(path: string, offset: number, length: number | undefined): Promise<FileContent> {
    await this.#call('read', path);
    const content = this.contents.get(path);
    if (!content) throw new ProtocolError('FileNotFound', `${path}: no such file`);
    return { bytes: content.subarray(offset, length === undefined ? undefined : offset + length), size: content.length };
  }

  async createDirectory(path: string): Promise<boolean> {
    await this.#call('createDirectory', path);
    const isNew = !this.folders.has(path);
    this.folders.add(path);
    return isNew;
  }

  async copy(source: string, destination: string): Promise<void> {
    await this.#call('copy', `${source} ${destination}`);
  }

  async delete(path: string): Promise<boolean> {
    await this.#call('delete', path);
    const isFolder = this.folders.delete(path);
    return this.contents.delete(path) || isFolder;
  }

  async list(path: string, { accept }: { accept(path: string): boolean }) {
    await this.#call('list', path);
    const below = [...this.contents].filter(([file]) => file.startsWith(`${path}/`) && accept(file.slice(path.length + 1)));
    const entries = below.map(([file, { length: size }]) => ({ name: file.split('/').at(-1) ?? '', path: file, type: 'file' as const, size, mtimeMs: 0, mode: 0o644 }));
    return { entries, truncated: false };
  }

  async #call(name: string, path: string): Promise<void> {
    this.calls.push(`${name} ${path}`);
    await this.gate.passed;
    this.calls.push(`${name} ended`);
  }
}

export const enforced: Isolation = { score: 7, layers: [{ name: 'filesystem', state: 'enforced' }] };

/** `run` alone, unless the language is compiled. */
export function toolchain({ compiled = false, extension = '.x' } = {}): Toolchain {
  return {
    extension,
    phases: (file, args, scratch) => [
      ...(compiled ? [{ name: 'compile' as const, command: ['compile', file, scratch], env: { PHASE: 'compile' } }] : []),
      { name: 'run', command: ['run', file, ...args], env: { PHASE: 'run' } },
    ],
  };
}

export class ScriptedSandbox implements Sandbox {
  readonly spec: SandboxSpec;
  readonly image: string | undefined;
  readonly isolation: Isolation;
  readonly files = new ScriptedFiles();
  readonly processes: ScriptedProcess[] = [];
  readonly startGate = new Gate();
  readonly toolchainGate = new Gate();
  readonly closeGate = new Gate();
  closes = 0;
  toolchainOf: (language: LanguageId) => Toolchain | undefined = () => toolchain();
  /** Sees every program that has started. */
  onStart: (process: ScriptedProcess) => void = () => undefined;
  readonly #lost = deferred<string>();
  readonly #gone = deferred<never>();
  #isGone = false;

  constructor(spec: SandboxSpec, isolation: Isolation = enforced) {
    this.spec = spec;
    this.image = spec.image;
    this.isolation = isolation;
  }

  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  async toolchain(language: LanguageId): Promise<Toolchain | undefined> {
    await this.#whileThere(this.toolchainGate.passed);
    return this.toolchainOf(language);
  }

  async start(program: Program, sink: Sink): Promise<ScriptedProcess> {
    await this.#whileThere(this.startGate.passed);
    const process = new ScriptedProcess(program, sink);
    this.processes.push(process);
    this.onStart(process);
    return process;
  }

  /** The last program that started. */
  get process(): ScriptedProcess {
    const process = this.processes.at(-1);
    if (!process) throw new Error('no program has started');
    return process;
  }

  lose(why = 'it fell over'): void {
    this.#leave();
    this.#lost.resolve(why);
  }

  async close(): Promise<void> {
    this.closes += 1;
    await this.closeGate.passed;
    this.#leave();
  }

  #leave(): void {
    this.#isGone = true;
    for (const process of this.processes) process.exit({ kind: 'lost', reason: 'the sandbox is gone' });
    this.#gone.reject(new ProtocolError('SandboxLost', 'the sandbox is gone'));
  }

  async #whileThere(work: Promise<void>): Promise<void> {
    if (this.#isGone) throw new ProtocolError('SandboxLost', 'the sandbox is gone');
    await Promise.race([work, this.#gone.promise]);
  }
}

export interface ScriptedOptions {
  readonly id?: string;
  readonly info?: Partial<RuntimeInfo>;
  readonly isolation?: Isolation;
}

export class ScriptedRuntime implements Runtime {
  readonly id: string;
  readonly sandboxes: ScriptedSandbox[] = [];
  readonly createGate = new Gate();
  /** Whether `create` ends when it is cancelled, or only notices at its end. */
  heedsCancel = true;
  onCreate: (sandbox: ScriptedSandbox, context: CreateContext) => void | Promise<void> = () => undefined;
  readonly #options: ScriptedOptions;

  constructor(options: ScriptedOptions = {}) {
    this.id = options.id ?? 'scripted';
    this.#options = options;
  }

  info(): RuntimeInfo {
    return {
      id: this.id,
      available: true,
      languages: [{ id: 'python', image: 'an-image' }],
      isolation: enforced,
      startup: { coldMs: 1, warmMs: 1, measured: false },
      memoryBytes: 1,
      ...this.#options.info,
    };
  }

  async refresh(): Promise<RuntimeInfo> {
    return this.info();
  }

  prepared(): boolean {
    return true;
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<ScriptedSandbox> {
    const { signal } = context;
    if (this.heedsCancel) signal.throwIfAborted();
    const cancelled = deferred<never>();
    const cancel = () => cancelled.reject(signal.reason);
    if (this.heedsCancel) signal.addEventListener('abort', cancel, { once: true });
    await Promise.race([this.createGate.passed, cancelled.promise]);
    signal.removeEventListener('abort', cancel);
    const sandbox = new ScriptedSandbox(spec, this.#options.isolation);
    this.sandboxes.push(sandbox);
    await this.onCreate(sandbox, context);
    return sandbox;
  }

  async close(): Promise<void> {
    await Promise.all(this.sandboxes.map((sandbox) => sandbox.close()));
  }

  /** The last sandbox that was made. */
  get sandbox(): ScriptedSandbox {
    const sandbox = this.sandboxes.at(-1);
    if (!sandbox) throw new Error('no sandbox was made');
    return sandbox;
  }
}

/** Lets everything happen that needs neither time nor a word of the test. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
