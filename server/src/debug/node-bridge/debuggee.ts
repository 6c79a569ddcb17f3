/** One run of a program: its process and its threads, from its start to its end. */
import type { Debugger } from 'node:inspector';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Breakpoints } from './breakpoints.ts';
import { BEGIN } from './channel.ts';
import { Cdp } from './cdp.ts';
import type { FunctionBreakpoints } from './function-breakpoints.ts';
import type { Paths } from './paths.ts';
import { Program, type Host, type Launch } from './program.ts';
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

/** Every file, and every file but those of packages. */
const EVERY = '^(?:file://)?/';
const OWN = `${EVERY}(?!.*/node_modules/)`;

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
  #entry: { id?: string } | undefined;
  #lastId = MAIN;
  #isOver = () => {};
  readonly #over = new Promise<void>((resolve) => (this.#isOver = resolve));

  constructor(launch: Launch, host: Host, parts: DebuggeeParts) {
    this.#launch = launch;
    this.#host = host;
    this.#parts = parts;
    const main = resolve(launch.cwd ?? '.', launch.program);
    this.#main = statSync(main, { throwIfNoEntry: false })?.isFile() ? parts.paths.named(main) : undefined;
    this.#entry = launch.stopOnEntry ? {} : undefined;
  }

  get main(): Thread | undefined {
    return this.threads.get(MAIN);
  }

  /** Rejects where the program cannot be started. Resolves when it runs, up to its main file. */
  async start(): Promise<void> {
    const program = await Program.start(this.#launch, this.#host, {
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
    await Promise.all([main.watch(this.#parts.exceptions(), EVERY), cdp.send('NodeWorker.enable', { waitForDebuggerOnStart: true })]);
    await cdp.send(BEGIN);
  }

  /** A thread is before the first statement of a script. False means that the main file has not been read yet. */
  async begun(thread: Thread): Promise<boolean> {
    if (thread.id !== MAIN || this.#begun) {
      await this.gate(thread);
      return true;
    }
    const file = [...thread.scripts.values()].find(({ path }) => path === this.#main);
    if (this.#main !== undefined && !file) return false;
    this.#begun = true;
    await file?.ready;
    await this.#parts.entered();
    if (this.#entry && file) {
      // A module runs after those that it imports.
      const location = { scriptId: file.id, lineNumber: 0, columnNumber: 0 };
      this.#entry.id = (await thread.cdp.send('Debugger.setBreakpoint', { location })).breakpointId;
    }
    await this.gate(thread);
    return true;
  }

  isEntry({ id }: Thread, { callFrames: [top], hitBreakpoints = [] }: Debugger.PausedEventDataType): boolean {
    if (!this.#entry || id !== MAIN || !this.#begun) return false;
    const script = top && this.main?.scriptAt(top.location);
    if (this.#main !== undefined && script?.path !== this.#main && !hitBreakpoints.includes(this.#entry.id ?? '')) return false;
    if (this.#entry.id) this.main?.cdp.tell('Debugger.removeBreakpoint', { breakpointId: this.#entry.id });
    this.#entry = undefined;
    return true;
  }

  /** Stops scripts before their first statement, as long as there are breakpoints that may belong into one of them. */
  async gate(thread: Thread): Promise<void> {
    if (thread.id === MAIN && !this.#begun) return;
    await thread.setGate(this.#pattern(thread));
  }

  #pattern(thread: Thread): string | undefined {
    const waiting = this.#parts.lines.waiting(thread);
    if (waiting.some(({ path }) => path.includes('/node_modules/'))) return EVERY;
    return waiting.length > 0 || this.#parts.functions.waiting(thread).length > 0 ? OWN : undefined;
  }

  set flowing(flows: boolean) {
    if (this.#program) this.#program.flowing = flows;
  }

  /** Lets the program end by itself. */
  terminate(): void {
    for (const thread of this.threads.values()) {
      if (!thread.paused) continue;
      thread.cdp.tell('Debugger.setBreakpointsActive', { active: false });
      thread.resume();
    }
    this.#program?.terminate();
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
    worker.watch(this.#parts.exceptions(), this.#pattern(worker)).then(() => cdp.tell('Runtime.runIfWaitingForDebugger'), () => undefined);
  }

  #leave(thread: Thread): void {
    if (!this.threads.delete(thread.id)) return;
    this.#parts.resumed(thread);
    this.#parts.lines.forget(thread);
    this.#parts.functions.forget(thread);
    if (thread.id !== MAIN) this.#parts.thread(thread, 'exited');
  }
}
