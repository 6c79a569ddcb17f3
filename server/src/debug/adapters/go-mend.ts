/** What Delve lacks: it does not tell the exit code, cannot be asked to terminate, stops at an entry that has no source, does not say when it stops at a panic, stops where a condition fails, and formats log points. */
import { type DapEvent, type DapRequest, type DapResponse, errorOf, isObject, type Json, objects, textOf } from '../dap.ts';
import { Mending, type MendSides } from '../mend.ts';

/** What Delve says to a person at a terminal. */
const CHATTER = /^(?:Type 'dlv help' for list of commands\.|Detaching(?: .*)?|Process \d+ has exited with status -?\d+)\n$/;
const EXITED = /Process \d+ has exited with status (-?\d{1,10})/;
/** Where the code of a person begins. */
const ENTRY = { name: 'main.main' };
/** Delve stops with these words where the condition of a breakpoint fails. */
const FAILED = /^(?:error evaluating expression: |(?=condition expression ))/;
/** What a log point of Delve's begins with, and what stands in it instead of a value that cannot be computed. */
const LOGGED = /^> \[Go \d+\]: /;
const NO_VALUE = /\{eval err: (?:&\{%!e\(string=(.{0,500}?)\)\}|\[%!e\(\*scanner\.Error=&\{\{.{0,200}?\} (.{0,500}?)\}\)\])\}/g;
/** Why Delve does not change what is not there. */
const UNKNOWN = /failed to find the named variable$/;
/** In longer texts it is not looked for. */
const MAX_LOGGED = 16 * 1024;
/** So many breakpoints are known by then of which it was told that their conditions fail, and no more is told. */
const MAX_FAILED = 100;
/** So much of a path is kept, in characters. */
const MAX_PATH = 4096;
/** Delve stops at panics that nothing recovers from, and at errors of the runtime. */
const UNCAUGHT = 'unhandled';
/** As of what the kernel has killed. */
const KILLED = -9;

export class GoMend extends Mending {
  /** Whether the program is still to be stopped where it begins. */
  #entry: boolean;
  /** The breakpoints at functions, as the client wants them. */
  #functions: readonly Json[] = [];
  /** The breakpoints of which it was told that their conditions fail. */
  readonly #failed = new Set<string>();
  #terminated = false;

  constructor(sides: MendSides, stopOnEntry: boolean) {
    super(sides);
    this.#entry = stopOnEntry;
  }

  protected override request(request: DapRequest): boolean {
    const { command, arguments: args = {} } = request;
    if (command === 'terminate') return this.#terminate(request);
    if (command === 'setBreakpoints' || command === 'setFunctionBreakpoints') this.#failed.clear();
    if (command === 'setBreakpoints') return this.pass({ ...request, arguments: { ...args, ...(Array.isArray(args.breakpoints) ? { breakpoints: objects(args.breakpoints).map(plain) } : {}) } });
    if (command === 'setFunctionBreakpoints') {
      this.#functions = objects(args.breakpoints);
      return this.pass({ ...request, arguments: { ...args, breakpoints: this.#wanted } });
    }
    if (command === 'configurationDone' && this.#entry) void this.ask('setFunctionBreakpoints', { breakpoints: this.#wanted });
    return this.pass(request);
  }

  /** The client's come first, so that the answers to them do. One of the client's at the entry is as good. */
  get #wanted(): readonly Json[] {
    return this.#entry && !this.#functions.some(({ name }) => name === ENTRY.name) ? [...this.#functions, ENTRY] : this.#functions;
  }

  protected override response(response: DapResponse, { command, arguments: args = {} }: DapRequest): Promise<void> {
    const { success, body = {} } = response;
    if (!success && command === 'setVariable' && UNKNOWN.test(reason(response))) return this.tell(refused(response, `There is no variable "${textOf(args.name)}" here.`));
    if (!success) return this.tell(refused(response, reason(response)));
    if (command === 'initialize') return this.tell({ ...response, body: { ...body, supportsHitConditionalBreakpoints: true, supportsTerminateRequest: true } });
    if (command === 'setFunctionBreakpoints') return this.tell({ ...response, body: { ...body, breakpoints: objects(body.breakpoints).slice(0, this.#functions.length) } });
    if (command === 'scopes') return this.tell({ ...response, body: { ...body, scopes: objects(body.scopes).map(placed) } });
    if (command === 'exceptionInfo') return this.tell({ ...response, body: { ...body, breakMode: body.breakMode || UNCAUGHT } });
    return this.tell(response);
  }

  protected override event(event: DapEvent): Promise<void> {
    const { event: name, body = {} } = event;
    if (name === 'terminated') return this.#over();
    if (name === 'output') return CHATTER.test(textOf(body.output)) ? Promise.resolve() : this.tell({ ...event, body: placed(body.source && LOGGED.test(textOf(body.output)) ? logged(body) : body) });
    if (name === 'stopped' && body.reason === 'exception' && FAILED.test(textOf(body.text))) {
      void this.#conditionFailed(event, textOf(body.text).replace(FAILED, ''));
      return Promise.resolve();
    }
    if (name !== 'stopped' || !this.#entry) return this.tell(event);
    this.#entry = false;
    void this.ask('setFunctionBreakpoints', { breakpoints: this.#functions });
    return this.tell(body.reason === 'function breakpoint' ? { ...event, body: { ...body, reason: 'entry' } } : event);
  }

  /** It is told once, and the program goes on. */
  async #conditionFailed(event: DapEvent, fault: string): Promise<void> {
    const { threadId } = event.body ?? {};
    const [frame] = objects((await this.ask('stackTrace', { threadId, startFrame: 0, levels: 1 }))?.body?.stackFrames);
    if (!frame || !isObject(frame.source)) return this.tell(event);
    const place = `${textOf(frame.source.path).slice(-MAX_PATH)}:${String(frame.line)}`;
    if (!this.#failed.has(place) && this.#failed.size < MAX_FAILED) {
      this.#failed.add(place);
      await this.say('output', { category: 'console', output: `The condition of the breakpoint at ${place} failed: ${fault}\n`, source: frame.source, line: frame.line });
    }
    if (!(await this.ask('continue', { threadId }))?.success) await this.tell(event);
  }

  /** Delve tells the exit code to whoever asks for something that needs a program. */
  async #over(): Promise<void> {
    if (this.#terminated) return;
    this.#terminated = true;
    void this.ask('evaluate', { expression: '0', context: 'repl' }).then((answer) => {
      const exitCode = answer && EXITED.exec(reason(answer))?.[1];
      return this.#end(exitCode === undefined ? undefined : Number(exitCode));
    });
  }

  #terminate(request: DapRequest): true {
    this.answer(request);
    if (this.#terminated) return true;
    this.#terminated = true;
    void this.ask('disconnect', { terminateDebuggee: true }).then(() => this.#end(KILLED));
    return true;
  }

  async #end(exitCode: number | undefined): Promise<void> {
    if (exitCode !== undefined) await this.say('exited', { exitCode });
    await this.say('terminated');
  }
}

/** An editor shows what the body says, or the message. */
function refused(response: DapResponse, message: string): DapResponse {
  return { ...response, message, body: errorOf(message) };
}

/** Delve says what it could not do in the message, and why in the error. */
function reason({ message = '', body }: DapResponse): string {
  const format = isObject(body?.error) ? body.error.format : undefined;
  return typeof format === 'string' ? format : message;
}

/** Delve formats what a log point says, and means something by a per cent sign outside of braces. */
function plain({ logMessage, ...breakpoint }: Json): Json {
  if (typeof logMessage !== 'string') return breakpoint;
  let depth = 0;
  const escaped = logMessage.replace(/[{}%]/g, (sign) => {
    depth += sign === '{' ? 1 : sign === '}' ? -1 : 0;
    return sign === '%' && depth === 0 ? '%%' : sign;
  });
  return { ...breakpoint, logMessage: escaped };
}

/** What says where something is, and names no place, says nothing. */
function placed({ source, ...rest }: Json): Json {
  return isObject(source) && Object.keys(source).length > 0 ? { source, ...rest } : rest;
}

/** What a log point says. It is not what the program has printed. */
function logged(body: Json): Json {
  const said = textOf(body.output).replace(LOGGED, '');
  const output = said.length > MAX_LOGGED ? said : said.replace(NO_VALUE, (_, missing?: string, wrong?: string) => missing ?? wrong ?? '');
  return { ...body, category: 'console', output };
}
