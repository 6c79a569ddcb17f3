/** A debug session: the requests of the client, and what becomes of them. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { setExpression, setVariable } from './assign.ts';
import { Breakpoints } from './breakpoints.ts';
import { capabilities } from './capabilities.ts';
import { completions } from './completions.ts';
import type { DapStream } from './dap-stream.ts';
import { Debuggee, type Exceptions } from './debuggee.ts';
import { evaluate, type Where } from './evaluate.ts';
import { exceptionInfo } from './exception-info.ts';
import { FunctionBreakpoints } from './function-breakpoints.ts';
import { Handles } from './handles.ts';
import { log } from './log.ts';
import { Paths } from './paths.ts';
import { possiblePlaces } from './places.ts';
import { launchOf, type Host, type Launch } from './program.ts';
import { Sources } from './sources.ts';
import { Stack } from './stack.ts';
import { Stops } from './stops.ts';
import type { Step, Thread } from './thread.ts';
import { Variables } from './variables.ts';
import { View } from './view.ts';

type Handler = (args: never) => unknown;

export class Bridge {
  readonly #stream: DapStream;
  readonly #host: Host;
  readonly #exit: () => void;
  readonly #paths = new Paths();
  readonly #sources = new Sources(this.#paths);
  readonly #handles = new Handles();
  readonly #variables = new Variables(this.#handles);
  readonly #stack = new Stack(this.#handles, this.#sources);
  #view = new View();
  readonly #lines: Breakpoints;
  readonly #functions: FunctionBreakpoints;
  readonly #stops: Stops;
  #exceptions: Exceptions = 'none';
  #launch: Launch | undefined;
  #debuggee: Debuggee | undefined;
  /** The thread that has stopped last. */
  #current: Thread | undefined;
  /** Breakpoints are set one after the other, and before the program begins. */
  #settings: Promise<unknown> = Promise.resolve();
  #letRun = () => {};
  readonly #configured = new Promise<void>((resolve) => (this.#letRun = resolve));
  #lastBreakpoint = 0;
  #isIntroduced = false;

  constructor(stream: DapStream, host: Host, exit: () => void) {
    this.#stream = stream;
    this.#host = host;
    this.#exit = exit;
    const threads = () => this.#debuggee?.threads.values() ?? [];
    const view = () => this.#view;
    const parts = {
      paths: this.#paths,
      sources: this.#sources,
      view,
      nextId: () => (this.#lastBreakpoint += 1),
      threads,
      changed: (breakpoint: DebugProtocol.Breakpoint) => this.#event('breakpoint', { reason: 'changed', breakpoint }),
    };
    this.#lines = new Breakpoints(parts);
    this.#functions = new FunctionBreakpoints(parts);
    this.#stops = new Stops({
      lines: this.#lines,
      functions: this.#functions,
      pass: (breakpoint) => this.#setting(() => this.#lines.pass(breakpoint)),
      begun: async () => (await this.#debuggee?.begun()) ?? false,
      isEntry: (thread, top) => this.#debuggee?.isEntry(thread, top) ?? false,
      // The thread is paused until the client has taken what was said.
      log: async (thread, frame, breakpoint) => {
        this.#event('output', await log({ thread, frame }, breakpoint.asked.logMessage ?? '', breakpoint.shown));
        await this.#stream.room();
      },
      failed: ({ shown: { source, line }, ...hit }, fault) => {
        const place = 'path' in hit ? { at: `${hit.path}:${line}`, source, line } : { at: hit.asked.name };
        this.#event('output', { category: 'console', output: `The condition of the breakpoint at ${place.at} failed: ${fault}\n`, source: place.source, line: place.line });
      },
      stopped: (body) => {
        this.#current = this.#debuggee?.threads.get(body.threadId as number);
        this.#event('stopped', body);
        const [frame] = this.#current?.paused?.callFrames ?? [];
        if (this.#current) this.#variables.foresee({ thread: this.#current, frame });
      },
    });
    stream.read((request) => void this.#answer(request), () => this.end());
  }

  /** Ends the program, with all that it has started, and the bridge. */
  end(): void {
    this.#debuggee?.kill();
    this.#exit();
  }

  readonly #handlers: Readonly<Record<string, Handler>> = {
    initialize: (args: DebugProtocol.InitializeRequestArguments) => {
      this.#view = new View(args);
      return capabilities;
    },
    launch: async (args: unknown) => {
      if (this.#launch) throw new Error('The program has been launched already.');
      this.#launch = launchOf(args);
      await this.#begin();
    },
    configurationDone: async () => {
      await this.#settings;
      this.#letRun();
    },
    setBreakpoints: async ({ source, breakpoints, lines }: DebugProtocol.SetBreakpointsArguments) => ({
      breakpoints: await this.#setting(() => this.#lines.set(source, breakpoints ?? (lines ?? []).map((line) => ({ line })))),
    }),
    setFunctionBreakpoints: async ({ breakpoints }: DebugProtocol.SetFunctionBreakpointsArguments) => ({
      breakpoints: await this.#setting(() => this.#functions.set(breakpoints)),
    }),
    setExceptionBreakpoints: async ({ filters }: DebugProtocol.SetExceptionBreakpointsArguments) => {
      this.#exceptions = filters.includes('all') ? 'all' : filters.includes('uncaught') ? 'uncaught' : 'none';
      await Promise.all(this.#threads().map(({ cdp }) => cdp.send('Debugger.setPauseOnExceptions', { state: this.#exceptions })));
      return { breakpoints: filters.map((filter) => ({ verified: filter === 'all' || filter === 'uncaught' })) };
    },
    breakpointLocations: async (args: DebugProtocol.BreakpointLocationsArguments) => ({
      breakpoints: await possiblePlaces(this.#threads(), args, { paths: this.#paths, view: this.#view }),
    }),
    threads: () => {
      const threads = this.#threads().map(({ id, name }) => ({ id, name }));
      return { threads: threads.length > 0 ? threads : [{ id: 1, name: 'Main thread' }] };
    },
    continue: ({ threadId }: DebugProtocol.ContinueArguments) => this.#go(threadId, (thread) => thread.resume(), { allThreadsContinued: false }),
    next: ({ threadId }: DebugProtocol.NextArguments) => this.#step(threadId, 'next'),
    stepIn: ({ threadId }: DebugProtocol.StepInArguments) => this.#step(threadId, 'stepIn'),
    stepOut: ({ threadId }: DebugProtocol.StepOutArguments) => this.#step(threadId, 'stepOut'),
    pause: ({ threadId }: DebugProtocol.PauseArguments) => {
      const thread = this.#thread(threadId);
      if (!thread.paused) thread.pause();
    },
    stackTrace: ({ threadId, ...args }: DebugProtocol.StackTraceArguments) => this.#stack.frames(this.#thread(threadId), this.#view, args),
    scopes: ({ frameId }: DebugProtocol.ScopesArguments) => {
      this.#variables.foresee(this.#handles.frameOf(frameId));
      return { scopes: this.#stack.scopes(frameId, this.#view) };
    },
    variables: async ({ variablesReference, ...filter }: DebugProtocol.VariablesArguments) => ({
      variables: await this.#variables.of(this.#handles.containerOf(variablesReference), filter),
    }),
    setVariable: ({ variablesReference, ...args }: DebugProtocol.SetVariableArguments) =>
      setVariable(this.#handles.containerOf(variablesReference), args, this.#variables),
    setExpression: ({ frameId, ...args }: DebugProtocol.SetExpressionArguments) => setExpression(this.#where(frameId), args, this.#variables),
    evaluate: (args: DebugProtocol.EvaluateArguments) => evaluate(this.#where(args.frameId), args, this.#variables),
    completions: async ({ text, column, line, frameId }: DebugProtocol.CompletionsArguments) => {
      const place = this.#view.read(line ?? this.#view.show({ line: 0, column: 0 }).line, column);
      const before = text.split('\n')[place.line]?.slice(0, place.column) ?? '';
      const first = this.#view.show({ line: 0, column: 0 }).column;
      return { targets: (await completions(this.#where(frameId), before)).map((item) => ({ ...item, start: (item.start ?? 0) + first })) };
    },
    exceptionInfo: ({ threadId }: DebugProtocol.ExceptionInfoArguments) => exceptionInfo(this.#thread(threadId)),
    source: async ({ source, sourceReference }: DebugProtocol.SourceArguments) => ({
      content: await this.#sources.content(source?.sourceReference || sourceReference), mimeType: 'text/javascript',
    }),
    loadedSources: () => ({
      sources: this.#threads().flatMap((thread) => [...thread.scripts.values()].filter(({ url }) => url !== '').map((script) => this.#sources.of(thread, { script }))),
    }),
    restart: async ({ arguments: changed }: { readonly arguments?: unknown } = {}) => {
      if (!this.#launch) throw new Error('No program has been launched.');
      if (changed !== undefined) this.#launch = launchOf(changed);
      const old = this.#debuggee;
      this.#debuggee = undefined;
      await old?.finish();
      this.#lines.reset();
      this.#functions.reset();
      await this.#begin();
    },
    terminate: () => this.#debuggee?.terminate(),
    disconnect: () => {
      // The answer leaves before the end.
      setImmediate(() => this.end());
    },
  };

  async #answer({ seq, command, arguments: args }: DebugProtocol.Request): Promise<void> {
    const answer = { type: 'response', request_seq: seq, command } as const;
    try {
      const handler = Object.hasOwn(this.#handlers, command) ? this.#handlers[command] : undefined;
      if (!handler) throw new Error(`The request ${JSON.stringify(command)} is not supported.`);
      const body = await handler((args ?? {}) as never);
      this.#stream.send({ ...answer, success: true, ...(body === undefined ? {} : { body }) });
    } catch (fault) {
      const message = fault instanceof Error ? fault.message : String(fault);
      this.#stream.send({ ...answer, success: false, message, body: { error: { id: 1, format: '{text}', variables: { text: message }, showUser: false } } });
    }
  }

  /** The client may set breakpoints. It is told once. */
  #introduce(): void {
    if (!this.#isIntroduced) this.#event('initialized');
    this.#isIntroduced = true;
  }

  #event(event: string, body?: unknown): void {
    this.#stream.send({ type: 'event', event, ...(body === undefined ? {} : { body }) });
  }

  async #begin(): Promise<void> {
    const debuggee: Debuggee = new Debuggee(this.#launch as Launch, this.#host, {
      paths: this.#paths,
      lines: this.#lines,
      functions: this.#functions,
      exceptions: () => this.#exceptions,
      paused: (thread, event) => void this.#stops.paused(thread, event).catch(() => undefined),
      resumed: (thread) => this.#handles.forget(thread),
      entered: async () => {
        this.#introduce();
        await this.#configured;
      },
      thread: ({ id }, reason) => this.#event('thread', { reason, threadId: id }),
      output: (category, output) => this.#output(debuggee, category, output),
      ended: (exitCode) => {
        if (this.#debuggee !== debuggee) return;
        // A program that cannot even be read ends before this.
        this.#introduce();
        this.#event('exited', { exitCode });
        this.#event('terminated');
      },
    });
    this.#debuggee = debuggee;
    await debuggee.start();
    this.#current ??= debuggee.main;
  }

  /** A program that prints faster than the client reads has to wait. */
  #output(debuggee: Debuggee, category: 'stdout' | 'stderr', output: string): void {
    this.#event('output', { category, output });
    if (!this.#stream.behind) return;
    debuggee.flowing = false;
    void this.#stream.room().then(() => (debuggee.flowing = true));
  }

  async #setting<T>(set: () => Promise<T>): Promise<T> {
    const setting = this.#settings.then(set);
    this.#settings = setting.catch(() => undefined);
    const result = await setting;
    await this.#debuggee?.gate().catch(() => undefined);
    return result;
  }

  #threads(): Thread[] {
    return [...(this.#debuggee?.threads.values() ?? [])];
  }

  /** @throws Error where there is no such thread any more */
  #thread(id: number): Thread {
    const thread = this.#debuggee?.threads.get(id);
    if (!thread) throw new Error(`There is no thread ${id}.`);
    return thread;
  }

  /** Answers before the thread goes on: what follows may be its end, or the next stop. */
  #go<T>(threadId: number, go: (thread: Thread) => void, answer: T): T {
    const thread = this.#thread(threadId);
    if (thread.paused) setImmediate(() => go(thread));
    return answer;
  }

  #step(threadId: number, step: Step): void {
    if (!this.#thread(threadId).paused) throw new Error('The thread is running.');
    this.#go(threadId, (thread) => thread.step(step), undefined);
  }

  /** Where an expression is evaluated. @throws Error where nothing runs */
  #where(frameId: number | undefined): Where {
    if (frameId !== undefined) return this.#handles.frameOf(frameId);
    const thread = this.#current && this.#threads().includes(this.#current) ? this.#current : this.#debuggee?.main;
    if (!thread) throw new Error('No program is running.');
    return { thread, frame: undefined };
  }
}
