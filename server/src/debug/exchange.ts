/**
 * Stands between a client and an adapter. Each side sees only messages that it can use; the numbers of messages are the
 * daemon's own in both directions, so an adapter can answer nothing that was not asked, and nothing twice.
 */
import { type DapEvent, type DapMessage, type DapRequest, type DapResponse, type Json, messageOf } from './dap.ts';
import type { PathMap } from './paths.ts';
import { Rewriter } from './rewrite.ts';
import { type InnerSource, InnerSources } from './sources.ts';
import { isAnswer, knownCapabilities, mayAsk, mayTell } from './tables.ts';

export interface ExchangeParts {
  readonly paths: PathMap;
  readonly redact?: ((text: string) => string) | undefined;
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
  /** The client has disconnected, or the program is over: the adapter need not be there any longer. */
  over(how: 'asked' | 'answered' | 'terminated'): void;
}

interface Pending {
  readonly seq: number;
  readonly command: string;
  /** The command as the adapter knows it: an attach of the client is a launch there. */
  readonly sent?: string;
}

/** So many requests may wait for an answer. */
const MAX_PENDING = 1000;
/** What a client can do by itself, whatever it says. Paths are always paths for the adapter. */
const ABOUT_CLIENT = { clientID: 'codebeaker', clientName: 'CodeBeaker', adapterID: 'codebeaker', pathFormat: 'path', supportsVariableType: true, supportsVariablePaging: true, supportsRunInTerminalRequest: false, supportsStartDebuggingRequest: false };
const CLIENT_CHOICES = ['linesStartAt1', 'columnsStartAt1', 'locale'] as const;

export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #sources = new InnerSources();
  readonly #rewriter: Rewriter;
  readonly #pending = new Map<number, Pending>();
  #toAdapter = 0;
  #toClient = 0;
  #terminated = false;
  #closed = false;
  /** Why it is closed. */
  #why = '';
  #exitCode: number | undefined;
  #disconnected = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.#rewriter = new Rewriter({ ...parts, sources: this.#sources });
  }

  /** The exit code of the program, as the adapter told it. */
  get exitCode(): number | undefined {
    return this.#exitCode;
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
    if (command === 'initialize') this.#parts.paths.uris = given.pathFormat === 'uri';
    if (command === 'source') return this.#source(request, given);
    const args = name === 'launch' ? this.#parts.launch : command === 'initialize' ? aboutClient(given) : this.#rewriter.arguments(given);
    if (!args) return this.#notInside(request, given);
    if (command === 'disconnect') this.#disconnect();
    this.#send({ seq, command }, name, command === 'disconnect' ? { terminateDebuggee: true } : args);
  }

  #disconnect(): void {
    this.#disconnected = true;
    this.#parts.over('asked');
  }

  #send(pending: Pending, command: string, args: Json): void {
    const seq = ++this.#toAdapter;
    this.#pending.set(seq, { ...pending, sent: command });
    if (this.#parts.toAdapter({ seq, type: 'request', command, arguments: args })) return;
    this.#pending.delete(seq);
    this.#refuse(pending, 'too much is waiting for the debugger');
  }

  /** A file that the sandbox does not have has no breakpoints there, and that is no error for a client that sends those of all files. */
  #notInside(request: DapRequest, { breakpoints }: Json): void {
    const message = 'the sandbox does not have this file';
    if (request.command !== 'setBreakpoints') return this.#refuse(request, message);
    void this.#tell({ type: 'response', request_seq: request.seq, success: true, command: request.command, body: { breakpoints: (Array.isArray(breakpoints) ? breakpoints : []).map(() => ({ verified: false, message })) } });
  }

  #source(request: DapRequest, given: Json): void {
    const asked = typeof given.source === 'object' && given.source !== null ? (given.source as Json).sourceReference : undefined;
    const inner: InnerSource | undefined = this.#sources.get(asked ?? given.sourceReference);
    if (!inner) return this.#refuse(request, 'there is no such source');
    if (inner.reference !== undefined) return this.#send(request, 'source', { sourceReference: inner.reference, source: { sourceReference: inner.reference, ...(inner.path === undefined ? {} : { path: inner.path }) } });
    void this.#parts.read(inner.path ?? '').then((content) => {
      if (content === undefined) return this.#refuse(request, 'the source cannot be read in the sandbox');
      return this.#tell(this.#rewriter.response({ seq: 0, type: 'response', request_seq: request.seq, success: true, command: 'source', body: { content } }));
    });
  }

  /** Takes a message of the adapter. Resolves when the client has room for the next one. @throws HostileMessage */
  async fromAdapter(message: DapMessage): Promise<void> {
    if (this.#closed) return;
    if (message.type === 'request') {
      // Whatever an adapter asks of a client (runInTerminal, startDebugging), a client might do outside of the sandbox.
      this.#parts.toAdapter({ seq: ++this.#toAdapter, type: 'response', request_seq: message.seq, success: false, command: message.command, message: 'this client starts nothing' });
    } else if (message.type === 'response') {
      await this.#answer(message);
    } else if (mayTell(message)) {
      await this.#event(message);
    }
  }

  async #answer(response: DapResponse): Promise<void> {
    const pending = this.#pending.get(response.request_seq);
    if (!pending) return;
    this.#pending.delete(response.request_seq);
    const { seq, command } = pending;
    const usable = { ...response, request_seq: seq };
    if (response.command !== pending.sent || !isAnswer(response)) return this.#refuse(pending, 'the debugger sent an answer that cannot be used');
    const body = command === 'initialize' && response.success ? { body: knownCapabilities(response.body ?? {}, this.#parts.capabilities) } : {};
    await this.#tell({ ...this.#rewriter.response({ ...usable, ...body }), command });
    if (command === 'disconnect') this.#parts.over('answered');
  }

  async #event(event: DapEvent): Promise<void> {
    const { event: name, body } = event;
    if (name === 'output') {
      const { category, output } = body as { category?: unknown; output: string };
      const counts = category === undefined || category === 'stdout' || category === 'stderr';
      if (counts && !(await this.#parts.printed(output))) return;
    }
    if (name === 'exited') this.#exitCode = body?.exitCode as number;
    if (name === 'terminated') {
      if (this.#terminated) return;
      this.#terminated = true;
    }
    // What `terminated` may say is how to start again, and that is not for an adapter to say.
    await this.#tell(this.#rewriter.event(name === 'terminated' ? { seq: 0, type: 'event', event: name } : event));
    if (name === 'terminated') this.#parts.over('terminated');
  }

  /** The adapter is gone: every request that waits is answered, and the client is told that it is over. */
  async close(why: string): Promise<void> {
    if (this.#closed) return;
    for (const pending of this.#pending.values()) this.#late(pending, why);
    this.#pending.clear();
    this.#closed = true;
    this.#why = why;
    if (!this.#terminated) await this.#tell({ type: 'event', event: 'terminated' });
  }

  /** Answers a request that no adapter will answer. Whoever wants to be rid of it has what he wants. */
  #late(pending: Pending, why: string): void {
    if (pending.command !== 'disconnect') return this.#refuse(pending, why);
    void this.#tell({ type: 'response', request_seq: pending.seq, success: true, command: pending.command });
  }

  #refuse({ seq, command }: Pending, why: string): void {
    void this.#tell({ type: 'response', request_seq: seq, success: false, command, message: why, body: { error: { id: 1, format: why.replaceAll('{', '(').replaceAll('}', ')'), showUser: false } } });
  }

  #tell(message: Omit<DapResponse, 'seq'> | Omit<DapEvent, 'seq'>): Promise<void> {
    return this.#parts.toClient({ ...message, seq: ++this.#toClient });
  }
}

function aboutClient(given: Json): Json {
  return { ...ABOUT_CLIENT, ...Object.fromEntries(CLIENT_CHOICES.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]))) };
}
