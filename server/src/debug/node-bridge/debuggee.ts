/** One run of a program: its process and its threads, from its start to its end. */
import type { Debugger } from 'node:inspector';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Breakpoints } from './breakpoints.ts';
import { BEGIN, GATE } from './channel.ts';
import { Cdp } from './cdp.ts';
import type { FunctionBreakpoints } from './function-breakpoints.ts';
import type { Gate } from './gate.ts';
import type { Paths } from './paths.ts';
import type { Host, Launch, Program } from './program.ts';
import { Thread, type ThreadParts } from './thread.ts';

export type Exceptions = 'none' | 'uncaught' | 'all';

export interface DebuggeeParts {
  readonly paths: Paths;
  readonly lines: Breakpoints;
  readonly functions: FunctionBreakpoints;
  exceptions(): Exceptions;
  paused(thread: Thread, event: Debugger.PausedEventDataType): void;
  resumed(thread: Thread): void;
  /** The main file has been read and nothing of it has run. Resolves when it may run. */
  entered(): Promise<void>;
  /** A thread beside the main thread. */
  thread(thread: Thread, reason: 'started' | 'exited'): void;
  output(category: 'stdout' | 'stderr', text: string): void;
  ended(exitCode: number): void;
}

const MAIN = 1;

export class Debuggee {
  readonly threads = new Map<number, Thread>();
  readonly #launch: Launch;
  readonly #host: Host;
  readonly #parts: DebuggeeParts;
  readonly #main: string | undefined;
  readonly #workers = new Map<string, Thread>();
  #program: Program | undefined;
  #cdp: Cdp | undefined;
  #begun = false;
  /** Whether it is still to stop at its first statement, and the scripts that may have that. */
  #entering: boolean;
  readonly #entries = new Set<string>();
  #gate: Gate = 'every';
  #lastId = MAIN;
  #isOver = () => {};
  readonly #over = new Promise<void>((resolve) => (this.#isOver = resolve));

  constructor(launch: Launch, host: Host, parts: DebuggeeParts) {
    this.#launch = launch;
    this.#host = host;
    this.#parts = parts;
    this.#entering = launch.stopOnEntry === true;
    const main = resolve(launch.cwd ?? '.', launch.program);
    this.#main = statSync(main, { throwIfNoEntry: false })?.isFile() ? parts.paths.named(main) : undefined;
  }

  get main(): Thread | undefined {
    return this.threads.get(MAIN);
  }

  /** Rejects where the program cannot be started. Resolves when it runs, up to its main file. */
  async start(): Promise<void> {
    const program = await this.#host.start(this.#launch, this.#host, {
      message: (text) => this.#cdp?.take(text),
      output: this.#parts.output,
      ended: (exitCode) => {
        this.#cdp?.close();
        for (const thread of this.threads.values()) this.#leave(thread);
        this.#isOver();
        this.#parts.ended(exitCode);
      },
    });
    this.#program = program;
    const cdp = new Cdp(program);
    this.#cdp = cdp;
    const main = this.#thread(MAIN, 'Main thread', cdp);
    cdp.on('NodeWorker.attachedToWorker', ({ sessionId, workerInfo }) => this.#worker(sessionId, workerInfo));
    cdp.on('NodeWorker.detachedFromWorker', ({ sessionId }) => {
      const worker = this.#workers.get(sessionId);
      worker?.cdp.close();
      if (worker) this.#leave(worker);
    });
    cdp.on('NodeWorker.receivedMessageFromWorker', ({ sessionId, message }) => this.#workers.get(sessionId)?.cdp.take(message));
    await Promise.all([main.watch(this.#parts.exceptions()), cdp.send('NodeWorker.enable', { waitForDebuggerOnStart: true })]);
    await cdp.send(BEGIN);
  }

  /** A thread is paused. False means that the main file has not been read yet. */
  async begun(): Promise<boolean> {
    const files = [...(this.main?.scripts.values() ?? [])].filter(({ path }) => path === this.#main);
    if (!this.#begun && this.#main !== undefined && files.length === 0) return false;
    if (!this.#begun) {
      this.#begun = true;
      await this.#parts.entered();
    }
    await this.gate();
    if (!this.#entering) return true;
    // Node may read a file more than once before it runs it.
    await Promise.all(files.filter(({ id }) => !this.#entries.has(id)).map((file) => (this.main as Thread).pauseAtFirst(file)));
    for (const { id } of files) this.#entries.add(id);
    return true;
  }

  /** Whether a thread is paused where the program begins, and the person wants to stop there. */
  isEntry(thread: Thread, { location }: Debugger.CallFrame): boolean {
    if (!this.#entering || thread.id !== MAIN || thread.scriptAt(location)?.path !== this.#main) return false;
    this.#entering = false;
    return true;
  }

  /** Scripts have a gate as long as there are breakpoints that may belong into one of them. A file may be read again and again. */
  async gate(): Promise<void> {
    const gate = this.#wantedGate();
    if (!this.#begun || gate === this.#gate) return;
    this.#gate = gate;
    await this.#cdp?.send(GATE, { gate });
  }

  #wantedGate(): Gate {
    const paths = this.#parts.lines.paths();
    if (this.#entering || paths.some((path) => path.includes('/node_modules/'))) return 'every';
    return paths.length > 0 || [...this.threads.values()].some((thread) => this.#parts.functions.waiting(thread).length > 0) ? 'own' : 'none';
  }

  set flowing(flows: boolean) {
    if (this.#program) this.#program.flowing = flows;
  }

  /** Lets the program end by itself. */
  terminate(): void {
    // The signal comes first, so that a program that does not handle it runs no further. One that does has to run for that.
    this.#program?.terminate();
    for (const thread of this.threads.values()) {
      if (!thread.paused) continue;
      thread.cdp.tell('Debugger.setBreakpointsActive', { active: false });
      thread.resume();
    }
  }

  kill(): void {
    this.#program?.kill();
  }

  /** Kills it, and resolves when it has ended. */
  async finish(): Promise<void> {
    this.kill();
    if (this.#program) await this.#over;
  }

  #thread(id: number, name: string, cdp: Cdp): Thread {
    const { paths, lines, paused, resumed } = this.#parts;
    // The program may end meanwhile.
    const bind: ThreadParts['bind'] = (thread, script) => lines.bind(thread, script).catch(() => undefined);
    const thread = new Thread({ id, name, cdp, paths, bind, paused, resumed });
    this.threads.set(id, thread);
    return thread;
  }

  #worker(sessionId: string, { workerId, title, url }: { readonly workerId: string; readonly title: string; readonly url: string }): void {
    const parent = this.#cdp as Cdp;
    // The thread that carries these very messages.
    if (url.endsWith(this.#host.file)) return parent.tell('NodeWorker.detach', { sessionId });
    const cdp = new Cdp({ send: (message) => parent.tell('NodeWorker.sendMessageToWorker', { message, sessionId }) });
    const worker = this.#thread((this.#lastId += 1), `Worker ${workerId}${title && title !== 'Worker' ? `: ${title}` : ''}`, cdp);
    this.#workers.set(sessionId, worker);
    this.#parts.thread(worker, 'started');
    worker.watch(this.#parts.exceptions()).then(() => cdp.tell('Runtime.runIfWaitingForDebugger'), () => undefined);
  }

  #leave(thread: Thread): void {
    if (!this.threads.delete(thread.id)) return;
    this.#parts.resumed(thread);
    this.#parts.lines.forget(thread);
    this.#parts.functions.forget(thread);
    if (thread.id !== MAIN) this.#parts.thread(thread, 'exited');
  }
}
