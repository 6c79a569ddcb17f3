/**
 * What the gem debug lacks: it changes no variables, gives the elements of an array only to who asks for pages, and ends
 * the conversation with a request that it does not know. What can only be mended in Ruby is in ruby-debug.rb.
 */
import { type DapEvent, type DapRequest, type DapResponse, type Json, objects, textOf } from '../dap.ts';
import { Mending, type MendSides } from '../mend.ts';

const KNOWN: ReadonlySet<string> = new Set([
  'initialize', 'launch', 'configurationDone', 'disconnect', 'terminate', 'setBreakpoints', 'setFunctionBreakpoints', 'setExceptionBreakpoints', 'exceptionInfo',
  'continue', 'next', 'stepIn', 'stepOut', 'pause', 'threads', 'stackTrace', 'scopes', 'variables', 'evaluate', 'completions', 'source',
]);
const ADDED = { supportsSetVariable: true, supportsSetExpression: true, supportsHitConditionalBreakpoints: true, supportsLogPoints: true, supportsExceptionInfoRequest: true };
/** The contexts of `evaluate` that the gem knows. Under the pointer it evaluates only names, since what else is Ruby could act. */
const CONTEXTS: ReadonlySet<unknown> = new Set(['repl', 'watch', 'hover']);
/** The gem has its names, and not their values. */
const GLOBALS = 'Global variables';
/** What a person can give a value: a variable of the frame, of the object, or of all. */
const VARIABLE = /^(?:[\p{L}_][\p{L}\p{N}_]*|@@?[\p{L}_][\p{L}\p{N}_]*|\$\w+)$/u;
/** The name of a thread that has none is where it began. */
const WHERE = / \/.*:\d+:in .*$/s;
/** No more elements of an array are told at once, to a client that wants all. */
const MAX_ELEMENTS = 10_000;
const TOO_MUCH = 'too much is waiting for the debugger';
/** So many things that have parts are remembered while the program stands. */
const MAX_HOLDERS = 50_000;

/** What has variables: a frame, or a value. */
interface Holder {
  readonly frameId: unknown;
  /** How Ruby writes the value. undefined: it is a frame, or can't be written. */
  readonly expression?: string | undefined;
  readonly type?: unknown;
  readonly elements?: number;
}

export class RubyMend extends Mending {
  /** Whether the program is still to stop before its first line. */
  #entry: boolean;
  #initialized: DapEvent | undefined;
  #isLaunched = false;
  #holders = new Map<unknown, Holder>();

  constructor(sides: MendSides, stopOnEntry: boolean) {
    super(sides);
    this.#entry = stopOnEntry;
  }

  protected override request(request: DapRequest): boolean {
    const { command, arguments: args = {} } = request;
    if (command === 'setVariable') return this.#setVariable(request, args);
    if (command === 'setExpression') return this.#assign(request, args.frameId, textOf(args.expression), args.value);
    if (command === 'evaluate' && args.frameId === undefined) return this.refuse(request, 'Ruby evaluates an expression in a frame of a program that stands still');
    if (!KNOWN.has(command)) return this.refuse(request, `the debugger of Ruby has no ${command}`);
    if (command === 'evaluate' && !CONTEXTS.has(args.context)) return this.pass({ ...request, arguments: { ...args, context: 'watch' } });
    return this.pass(request);
  }

  protected override response(response: DapResponse, asked: DapRequest): Promise<void> {
    const { command, arguments: args = {} } = asked;
    const { success, body = {} } = response;
    if (command === 'launch') return this.#launched(response);
    if (!success) return this.tell(command === 'evaluate' && args.context === 'hover' ? { ...response, message: noName(textOf(args.expression)) } : response);
    if (command === 'initialize') return this.tell({ ...response, body: { ...body, ...ADDED } });
    if (command === 'threads') return this.tell({ ...response, body: { threads: objects(body.threads).map((each) => ({ ...each, name: textOf(each.name).replace(WHERE, '') })) } });
    if (command === 'setExceptionBreakpoints') return this.tell({ ...response, body: { breakpoints: objects(body.breakpoints).map(({ verified }) => ({ verified })) } });
    if (command === 'scopes') return this.#scopes(response, args.frameId);
    if (command === 'variables') return this.#variables(response, asked);
    return this.tell(response);
  }

  /** The gem is ready before it knows that there is a program. */
  async #launched(response: DapResponse): Promise<void> {
    this.#isLaunched = true;
    await this.tell(response);
    if (this.#initialized) await this.tell(this.#initialized);
  }

  protected override event(event: DapEvent): Promise<void> {
    if (event.event === 'initialized' && !this.#isLaunched) {
      this.#initialized = event;
      return Promise.resolve();
    }
    if (event.event !== 'stopped') return this.tell(event);
    this.#holders = new Map();
    const entry = this.#entry;
    this.#entry = false;
    return this.tell(entry ? { ...event, body: { threadId: event.body?.threadId, allThreadsStopped: true, reason: 'entry' } } : event);
  }

  #scopes(response: DapResponse, frameId: unknown): Promise<void> {
    const scopes = objects(response.body?.scopes).filter(({ name }) => name !== GLOBALS);
    for (const { variablesReference } of scopes) this.#remember(variablesReference, { frameId });
    return this.tell({ ...response, body: { scopes } });
  }

  #variables(response: DapResponse, asked: DapRequest): Promise<void> {
    const { arguments: args = {} } = asked;
    const holder = this.#holders.get(args.variablesReference);
    const named = this.#known(response, holder);
    const { elements = 0 } = holder ?? {};
    if (args.filter !== undefined || elements === 0) return this.tell(named);
    const whole = { variablesReference: args.variablesReference, filter: 'indexed', start: 0, count: Math.min(elements, MAX_ELEMENTS) };
    this.settle(asked, async () => {
      const answer = await this.ask('variables', whole);
      if (!answer?.success) return this.refuse(asked, answer?.message ?? TOO_MUCH);
      const indexed = objects(this.#known(answer, holder).body?.variables);
      return this.tell({ ...named, body: { variables: [...indexed, ...restOf(elements), ...objects(named.body?.variables)] } });
    });
    return Promise.resolve();
  }

  /** Remembers how the variables are written, so that they can be changed. */
  #known(response: DapResponse, holder: Holder | undefined): DapResponse {
    const variables = objects(response.body?.variables).map((each) => {
      const expression = holder && expressionOf(holder, textOf(each.name));
      if (each.variablesReference) this.#remember(each.variablesReference, { frameId: holder?.frameId, expression, type: each.type, elements: typeof each.indexedVariables === 'number' ? each.indexedVariables : 0 });
      return expression === undefined ? each : { ...each, evaluateName: expression };
    });
    return { ...response, body: { variables } };
  }

  #remember(reference: unknown, holder: Holder): void {
    if (this.#holders.size < MAX_HOLDERS) this.#holders.set(reference, holder);
  }

  #setVariable(request: DapRequest, { variablesReference, name, value }: Json): boolean {
    const holder = this.#holders.get(variablesReference);
    const target = holder && expressionOf(holder, textOf(name));
    if (!holder || target === undefined || target === 'self') return this.refuse(request, `"${textOf(name)}" cannot be changed.`);
    return this.#assign(request, holder.frameId, target, value);
  }

  /** The value is told as it then is. */
  #assign(request: DapRequest, frameId: unknown, target: string, value: unknown): boolean {
    if (typeof value !== 'string' || target === '') return this.refuse(request, 'a change needs a text as its value, and the name of what is changed');
    const evaluate = (expression: string, more: Json = {}) => this.ask('evaluate', { expression, frameId, context: 'repl', ...more });
    const instance = /^\((.*)\)\.instance_variable_get\((:@\w+)\)$/s.exec(target);
    const missing = `There is no variable "${target}" here.`;
    // Ruby would make one, and forget it.
    const check = VARIABLE.test(target) ? `defined?(${target}) or raise(::NameError, '${missing}'); ` : '';
    const assignment = instance ? `(${instance[1]}).instance_variable_set(${instance[2]}, (${value}\n))` : `${target} = (${value}\n)`;
    return this.settle(request, async () => {
      // ruby-debug.rb looks at the value by itself first.
      const done = await evaluate(`${check}${assignment}; nil`, { value });
      if (done?.message === `NameError: ${missing}`) return this.refuse(request, missing);
      if (!done?.success) return this.refuse(request, done ? (done.message ?? 'it cannot be changed') : TOO_MUCH);
      const now = await evaluate(target);
      if (!now?.success) return this.refuse(request, `it was changed, and cannot be read: ${now?.message ?? TOO_MUCH}`);
      const { result, ...said } = now.body ?? {};
      return this.answer(request, { ...said, value: result });
    });
  }
}

/** Why there is no value under the pointer. */
function noName(expression: string): string {
  return VARIABLE.test(expression) ? `NameError: undefined local variable or method \`${expression}'` : 'under the pointer only names are evaluated; a watch or the console evaluates whatever is Ruby';
}

/** What stands for the elements that are not told. */
function restOf(elements: number): readonly Json[] {
  return elements <= MAX_ELEMENTS ? [] : [{ name: `${MAX_ELEMENTS}…${elements - 1}`, value: `${elements - MAX_ELEMENTS} more elements are not shown: an expression such as list[${MAX_ELEMENTS}, 100] shows some of them`, variablesReference: 0 }];
}

/** How Ruby writes the part of this name. undefined: it has no name in Ruby. */
function expressionOf({ expression, type, frameId }: Holder, name: string): string | undefined {
  if (expression === undefined) return frameId === undefined ? undefined : name === '%self' ? 'self' : VARIABLE.test(name) ? name : undefined;
  if (/^@\w+$/.test(name)) return `(${expression}).instance_variable_get(:${name})`;
  if (type === 'Array' && /^\d+$/.test(name)) return `${expression}[${name}]`;
  return type === 'Hash' && /^(?::\w+|"[^"#\\]*"|-?\d+)$/.test(name) ? `${expression}[${name}]` : undefined;
}
