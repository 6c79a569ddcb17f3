/**
 * Stands between a client and an adapter. Each side sees only messages that it can use; the numbers of messages are the
 * daemon's own in both directions, so an adapter can answer nothing that was not asked, and nothing twice.
 */
import { type DapEvent, type DapMessage, type DapRequest, type DapResponse, ENDS, errorOf, isObject, type Json, messageOf } from './dap.ts';
import { Known } from './known.ts';
import { Order } from './order.ts';
import type { PathMap } from './paths.ts';
import { PrintedTexts, type SecretFinder } from './printed-texts.ts';
import { Rewriter } from './rewrite.ts';
import { type InnerSource, InnerSources } from './sources.ts';
import { bodyFor, errorIn, eventFor, knownCapabilities, mayAsk, UNUSABLE } from './tables.ts';
import { UnfinishedPath } from './unfinished-path.ts';

export interface ExchangeParts {
  readonly paths: PathMap;
  /** What takes secrets out of what is told. undefined: there are none. */
  readonly secrets?: SecretFinder | undefined;
  /** The capabilities that are known to work with this adapter. */
  readonly capabilities: readonly string[];
  /** The arguments of `launch`, which the daemon makes. */
  readonly launch: Json;
  /** Resolves when the client has room for the next message. */
  toClient(message: DapMessage): Promise<void>;
  /** Returns false, and drops the message, if too much is waiting for the adapter. */
  toAdapter(message: DapMessage): boolean;
  /** Counts what the program prints. The text is not told if it resolves with false. */
  printed(text: string): boolean | Promise<boolean>;
  /** The text of a file that exists only inside. undefined: it can't be read. */
  read(path: string): Promise<string | undefined>;
  /** Does what `runInTerminal` asks for, or rejects with words for people. Absent: that is refused. */
  readonly runInTerminal?: ((asked: Json) => Promise<void>) | undefined;
  /** The client has disconnected, or the program is over: the adapter need not be there any longer. */
  over(how: 'disconnecting' | 'disconnected' | 'terminated'): void;
}

interface Pending {
  readonly seq: number;
  readonly command: string;
  /** The command as the adapter knows it: an attach of the client is a launch there. undefined: the daemon itself answers. */
  readonly sent?: string;
  /** The arguments, as the client gave them, and when that was (`Known`). */
  readonly args?: Json;
  readonly at?: number;
}

type OutputBody = Json & { readonly output: string; readonly category?: unknown; readonly variablesReference?: unknown; readonly group?: unknown };

/** So many requests may wait for an answer. */
const MAX_PENDING = 1000;
/** The last signal that there is on Linux. */
const MAX_SIGNAL = 64;
const ASSIGNING: ReadonlySet<string> = new Set(['setVariable', 'setExpression']);
/** What a client can do by itself, whatever it says. Paths are always paths for the adapter. */
const ABOUT_CLIENT = { clientID: 'codebeaker', clientName: 'CodeBeaker', adapterID: 'codebeaker', pathFormat: 'path', supportsVariableType: true, supportsVariablePaging: true, supportsStartDebuggingRequest: false };
const CLIENT_CHOICES = ['linesStartAt1', 'columnsStartAt1', 'locale'] as const;

export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #sources = new InnerSources();
  readonly #rewriter: Rewriter;
  readonly #pending = new Map<number, Pending>();
  readonly #printed: PrintedTexts;
  readonly #unfinished: UnfinishedPath;
  readonly #order = new Order();
  readonly #known = new Known();
  #toAdapter = 0;
  #toClient = 0;
  /** Sources are read one after the other, so that nobody can have the sandbox filled with what reads them. */
  #reading: Promise<void> = Promise.resolve();
  #terminated = false;
  #closed = false;
  /** Why it is closed. */
  #why = '';
  #exitCode: number | undefined;
  #disconnected = false;
  #wasAsked = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#rewriter = new Rewriter({ ...parts, sources: this.#sources });
    this.#printed = new PrintedTexts(parts.secrets);
    this.#unfinished = new UnfinishedPath(parts.paths);
  }

  /** The exit code of the program, as the adapter told it. Negative: a signal has ended it. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Whether the client had disconnected when the adapter told of the end of the program. */
  get wasAsked(): boolean {
    return this.#wasAsked;
  }

  /** Whether the client was told that it is over. */
  get terminated(): boolean {
    return this.#terminated;
  }

  /** Whether the client has disconnected. */
  get disconnected(): boolean {
    return this.#disconnected;
  }

  /** Takes a message of the client. What is no request is dropped: nothing that a client could answer was asked. */
  fromClient(given: unknown): void {
    const message = messageOf(given);
    if (message?.type !== 'request') return;
    if (this.#closed) this.#late(message, this.#why);
    else this.#ask(message);
  }

  #ask(request: DapRequest): void {
    const { seq, command } = request;
    if (this.#pending.size >= MAX_PENDING) return this.#refuse(request, 'too many requests wait for the debugger');
    const name = command === 'attach' ? 'launch' : command;
    if (!mayAsk(name)) return this.#refuse(request, `CodeBeaker does not pass the request ${command} on`);
    const given = request.arguments ?? {};
    const missing = this.#known.missing(given);
    if (missing !== undefined) return this.#refuse(request, missing);
    // Some debuggers would take it for a value.
    if (ASSIGNING.has(command) && typeof given.value === 'string' && given.value.trim() === '') return this.#refuse(request, 'the new value is missing');
    if (command === 'initialize') this.#parts.paths.uris = given.pathFormat === 'uri';
    if (command === 'source') return this.#source(request, given);
    const args = name === 'launch' ? this.#parts.launch : command === 'initialize' ? aboutClient(given, this.#parts.runInTerminal !== undefined) : this.#rewriter.arguments(given);
    if (!args) return this.#notInside(request, given);
    if (command === 'disconnect') this.#disconnect();
    this.#send({ seq, command, args: given, at: this.#known.asked() }, name, command === 'disconnect' ? { terminateDebuggee: true } : args);
  }

  #disconnect(): void {
    this.#disconnected = true;
    this.#parts.over('disconnecting');
  }

  #send(pending: Pending, command: string, args: Json): void {
    const seq = ++this.#toAdapter;
    this.#pending.set(seq, { ...pending, sent: command });
    if (this.#parts.toAdapter({ seq, type: 'request', command, arguments: args })) return;
    this.#pending.delete(seq);
    this.#refuse(pending, 'the request cannot be sent to the debugger: too much waits for it, or the request is too long or nested too deeply');
  }

  /** A file that the sandbox does not have has no breakpoints there, and that is no error for a client that sends those of all files. */
  #notInside(request: DapRequest, { breakpoints }: Json): void {
    const message = 'the sandbox does not have this file';
    if (request.command !== 'setBreakpoints') return this.#refuse(request, message);
    void this.#tell({ type: 'response', request_seq: request.seq, success: true, command: request.command, body: { breakpoints: (Array.isArray(breakpoints) ? breakpoints : []).map(() => ({ verified: false, message })) } });
  }

  #source(request: DapRequest, given: Json): void {
    const asked = isObject(given.source) ? given.source.sourceReference : undefined;
    const inner: InnerSource | undefined = this.#sources.get(asked ?? given.sourceReference);
    if (!inner) return this.#refuse(request, 'there is no such source');
    if (inner.reference !== undefined) return this.#send(request, 'source', { sourceReference: inner.reference, source: { sourceReference: inner.reference, ...(inner.path === undefined ? {} : { path: inner.path }) } });
    const number = ++this.#toAdapter;
    this.#pending.set(number, request);
    this.#reading = this.#reading.then(() => this.#read(number, inner.path ?? '')).catch(() => undefined);
  }

  /** Answers the request of this number with the text of a file, unless that has been answered. */
  async #read(number: number, path: string): Promise<void> {
    const content = this.#pending.has(number) ? await this.#parts.read(path) : undefined;
    const request = this.#pending.get(number);
    if (!request || !this.#pending.delete(number)) return;
    if (content === undefined) this.#refuse(request, 'the source cannot be read in the sandbox');
    else await this.#tell(this.#rewriter.response({ seq: 0, type: 'response', request_seq: request.seq, success: true, command: 'source', body: { content } }));
  }

  /** Takes a message of the adapter. Resolves when the client has room for the next one. @throws HostileMessage */
  async fromAdapter(message: DapMessage): Promise<void> {
    if (this.#closed) return;
    if (message.type === 'request') {
      this.#asked(message);
    } else if (message.type === 'response') {
      await this.#answer(message);
    } else {
      const usable = eventFor(message);
      if (usable) await this.#event(usable);
    }
  }

  /** Whatever an adapter asks of a client (runInTerminal, startDebugging), a client might do outside of the sandbox. So no client gets to know of it. */
  #asked({ seq, command, arguments: args = {} }: DapRequest): void {
    const answer = (how: { readonly success: boolean; readonly message?: string; readonly body?: Json }) => this.#parts.toAdapter({ seq: ++this.#toAdapter, type: 'response', request_seq: seq, command, ...how });
    const { runInTerminal } = this.#parts;
    if (command !== 'runInTerminal' || !runInTerminal) return void answer({ success: false, message: 'this client starts nothing' });
    runInTerminal(args).then(() => answer({ success: true, body: {} }), (fault: unknown) => answer({ success: false, message: fault instanceof Error ? fault.message : String(fault) }));
  }

  async #answer(response: DapResponse): Promise<void> {
    const pending = this.#pending.get(response.request_seq);
    if (pending?.sent === undefined) return;
    this.#pending.delete(response.request_seq);
    const { seq, command } = pending;
    const body = response.command === pending.sent ? this.#bodyOf(response) : undefined;
    if (!body) return this.#refuse(pending, UNUSABLE);
    if (response.success) this.#known.answered(command, pending.args ?? {}, body, pending.at ?? 0);
    await this.#tell({ ...this.#rewriter.response({ ...response, request_seq: seq, body }), command });
    if (command === 'disconnect') this.#parts.over('disconnected');
  }

  /** The body of an answer as a client can use it. undefined: it can't. */
  #bodyOf(response: DapResponse): Json | undefined {
    const { success, message = 'the debugger says no reason', body = {}, command } = response;
    if (!success) return errorIn(body) ?? errorOf(message);
    return command === 'initialize' ? knownCapabilities(body, this.#parts.capabilities) : bodyFor(response);
  }

  async #event(event: DapEvent): Promise<void> {
    const { event: name, body } = event;
    this.#known.told(event);
    if (name === 'output') return this.#output(event, body as OutputBody);
    if (name === 'exited' || name === 'terminated') await this.#flush();
    else await this.#tellPrinted(this.#unfinished.rest());
    if (name === 'exited') return this.#exited(body?.exitCode as number);
    if (name === 'terminated') {
      if (this.#terminated) return;
      this.#terminated = true;
    }
    // What `terminated` may say is how to start again, and that is not for an adapter to say.
    await this.#tell(this.#rewriter.event(name === 'terminated' ? { seq: 0, type: 'event', event: name } : event));
    if (name === 'terminated') this.#parts.over('terminated');
  }

  /** Adapters tell a signal that has ended the program as a negative number. Clients get what a shell makes of it. */
  async #exited(exitCode: number): Promise<void> {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = exitCode;
    this.#wasAsked = this.#disconnected;
    const told = exitCode < 0 && exitCode >= -MAX_SIGNAL ? 128 - exitCode : exitCode;
    await this.#tell({ type: 'event', event: 'exited', body: { exitCode: told } });
  }

  async #output(event: DapEvent, body: OutputBody): Promise<void> {
    const counts = body.category === undefined || body.category === 'stdout' || body.category === 'stderr';
    if (counts && !(await this.#parts.printed(body.output))) return;
    const before = this.#unfinished.rest(body.category);
    const output = this.#unfinished.push(body.category, this.#printed.push(body.category, body.output));
    await this.#tellPrinted(before);
    if (output !== '' || body.output === '' || body.variablesReference || body.group) await this.#tell(this.#rewriter.event({ ...event, body: { ...body, output } }));
  }

  /** The program is over, so what is held back will not become a secret any more. If it was made to end, nobody gets that. */
  async #flush(): Promise<void> {
    const bodies = this.#printed.rest().flatMap(({ category, output }) => [...this.#unfinished.rest(category), { category, output: this.#unfinished.push(category, output) }]);
    await this.#tellPrinted([...bodies, ...this.#unfinished.rest()]);
  }

  async #tellPrinted(bodies: readonly { readonly category: unknown; readonly output: string }[]): Promise<void> {
    for (const body of bodies.filter(({ output }) => output !== '')) await this.#tell(this.#rewriter.event({ seq: 0, type: 'event', event: 'output', body }));
  }

  /** The adapter is gone: every request that waits is answered with the words of `why`, and the client is told that it is over. `said`: what a person reads before that. */
  async close(why: string, said?: string): Promise<void> {
    if (this.#closed) return;
    for (const pending of this.#pending.values()) this.#late(pending, why);
    this.#pending.clear();
    this.#closed = true;
    this.#why = why;
    // A client that was refused at the beginning knows of nothing that could end.
    if (this.#terminated || this.#order.refused) return;
    this.#terminated = true;
    await this.#tellPrinted(this.#unfinished.rest());
    if (said !== undefined) await this.#tell({ type: 'event', event: 'output', body: { category: 'console', output: `${said}\n` } });
    await this.#tell({ type: 'event', event: 'terminated' });
  }

  /** Answers a request that no adapter will answer. Whoever wants the end has what he wants. */
  #late(pending: Pending, why: string): void {
    if (!ENDS.has(pending.command)) return this.#refuse(pending, why);
    if (pending.command === 'disconnect') this.#disconnected = true;
    void this.#tell({ type: 'response', request_seq: pending.seq, success: true, command: pending.command });
    if (pending.command === 'disconnect') this.#parts.over('disconnected');
  }

  #refuse({ seq, command }: Pending, why: string): void {
    void this.#tell({ type: 'response', request_seq: seq, success: false, command, message: why, body: errorOf(why) });
  }

  async #tell(message: Omit<DapResponse, 'seq'> | Omit<DapEvent, 'seq'>): Promise<void> {
    await Promise.all(this.#order.push(message).map((each) => this.#parts.toClient({ ...each, seq: ++this.#toClient })));
  }
}

function aboutClient(given: Json, hasTerminal: boolean): Json {
  return { ...ABOUT_CLIENT, supportsRunInTerminalRequest: hasTerminal, ...Object.fromEntries(CLIENT_CHOICES.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]))) };
}
