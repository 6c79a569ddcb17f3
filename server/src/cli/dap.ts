/** `codebeaker dap`: a debug adapter as every editor starts one. It speaks plain DAP on stdin and stdout, and is a client of the daemon's own protocol. */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/promises.ts';
import { debugLanguages, debuggerOf } from '../debug/adapters/table.ts';
import { DapReader, framed } from '../debug/codec.ts';
import { type DapEvent, type DapMessage, type DapRequest, type DapResponse, type Json } from '../debug/dap.ts';
import type { DebugEndedParams, LanguageId } from '../protocol/index.ts';
import { type DapLaunch, launchDebug, wordsOf } from './dap-launch.ts';
import type { Daemon } from './daemon.ts';
import { takeStdout } from '../wire/stdout.ts';
import type { Surroundings } from './surroundings.ts';

export interface DapStreams {
  readonly stdin: Readable;
  readonly stdout: NodeJS.WriteStream;
  stderr(): NodeJS.WriteStream;
}

/** The client is told of the end, and has so long to disconnect. */
const LINGER_MS = 10_000;
/** An editor that lets more wait has stopped reading. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** @returns the exit code */
export async function dap(daemon: Daemon, surroundings: Surroundings, language: LanguageId | undefined, { stdin, stdout, stderr }: DapStreams): Promise<number> {
  const output = takeStdout(stdout, stderr);
  const desk = new Desk(daemon, surroundings, language, output);
  const reader = new DapReader();
  stdin.on('data', (chunk: Buffer) => {
    for (const message of reader.push(chunk)) desk.take(message);
    if (reader.fault !== undefined) desk.leave(1);
  });
  stdin.on('end', () => desk.leave(0)).on('error', () => desk.leave(0));
  const code = await desk.left;
  await desk.close();
  await daemon.close();
  stdin.destroy();
  return code;
}

/** Answers what comes before the program is known, and passes everything else on. */
class Desk {
  readonly #daemon: Daemon;
  readonly #surroundings: Surroundings;
  readonly #clock: Clock;
  readonly #language: LanguageId | undefined;
  readonly #output: Writable;
  readonly #left = deferred<number>();
  readonly #closing = new AbortController();
  #seq = 0;
  #initialize: DapRequest | undefined;
  #launching: Promise<void> | undefined;
  #launch: DapLaunch | undefined;
  /** Resolves when the debugger has answered the `initialize` that we pass on. */
  #introduced = deferred();
  #over = false;
  /** The requests that were passed on and have no answer, by their numbers. */
  readonly #passed = new Map<number, DapRequest>();
  #stopWaiting: () => void = () => undefined;

  constructor(daemon: Daemon, surroundings: Surroundings, language: LanguageId | undefined, output: Writable) {
    this.#daemon = daemon;
    this.#surroundings = surroundings;
    this.#clock = surroundings.clock;
    this.#language = language;
    this.#output = output;
  }

  /** Resolves with the exit code when nobody wants anything any more. */
  get left(): Promise<number> {
    return this.#left.promise;
  }

  leave(code: number): void {
    this.#left.resolve(code);
  }

  async close(): Promise<void> {
    this.#stopWaiting();
    this.#closing.abort();
    await this.#launching;
    await this.#launch?.close();
  }

  take(message: DapMessage): void {
    if (message.type !== 'request') return;
    const { command } = message;
    if (command === 'initialize' && !this.#initialize) return this.#introduce(message);
    if ((command === 'launch' || command === 'attach') && !this.#launching) return void (this.#launching = this.#begin(message));
    if (command === 'disconnect' && (!this.#launch || this.#over)) {
      this.#respond(message, {});
      return this.leave(0);
    }
    if (this.#launch && !this.#over) this.#forward(message);
    else this.#refuse(message, this.#over ? 'the program has ended' : 'no program has been launched');
  }

  /** Which debugger it will be is known only with the program, so at first the client is told what all of them can do. */
  #introduce(message: DapRequest): void {
    this.#initialize = message;
    const rows = this.#language === undefined ? debugLanguages : [debuggerOf(this.#language)].filter((row) => row !== undefined);
    const common = rows[0]?.capabilities.filter((name) => rows.every(({ capabilities }) => capabilities.includes(name))) ?? [];
    this.#respond(message, Object.fromEntries(common.map((name) => [name, true])));
  }

  async #begin(message: DapRequest): Promise<void> {
    const { command } = message;
    if (command === 'attach') return this.#refuse(message, 'there is nothing to attach to: CodeBeaker launches the program itself; use "request": "launch"');
    try {
      this.#launch = await launchDebug(this.#daemon, this.#surroundings, message.arguments ?? {}, {
        language: this.#language,
        signal: this.#closing.signal,
        take: (received) => this.#pass(received),
        ended: (params) => this.#end(params),
        tell: (text) => this.#event('output', { category: 'console', output: `${text}\n` }),
      });
      this.#launch.send({ seq: this.#initialize?.seq ?? 0, type: 'request', command: 'initialize', arguments: this.#initialize?.arguments ?? {} });
      await this.#introduced.promise;
      if (this.#over) this.#refuse(message, 'the debugger has ended');
      else this.#forward(message);
    } catch (fault) {
      if (this.#closing.signal.aborted) return;
      this.#refuse(message, wordsOf(fault));
      this.#event('terminated', {});
      this.#over = true;
    }
  }

  /** A message of the debugger. The answer to `initialize` was given before, so it becomes an event. */
  #pass(message: DapMessage): void {
    if (message.type === 'response' && message.command === 'initialize') {
      if (message.success) this.#event('capabilities', { capabilities: message.body ?? {} });
      this.#introduced.resolve();
      return;
    }
    if (message.type === 'response') this.#passed.delete(message.request_seq);
    this.#write(message);
    if (message.type === 'response' && message.command === 'disconnect') this.#linger();
  }

  #end({ outcome }: DebugEndedParams): void {
    if (outcome !== 'exited' && outcome !== 'cancelled') this.#event('output', { category: 'important', output: `codebeaker: the program was ended: ${outcome}\n` });
    this.#over = true;
    for (const request of this.#passed.values()) {
      if (request.command === 'disconnect') this.#respond(request, {});
      else this.#refuse(request, 'the debugger has ended');
    }
    this.#passed.clear();
    this.#introduced.resolve();
    if (this.#launch?.disconnected) this.leave(0);
    else this.#linger();
  }

  #forward(message: DapRequest): void {
    this.#passed.set(message.seq, message);
    this.#launch?.send(message);
  }

  #linger(): void {
    this.#stopWaiting();
    this.#stopWaiting = this.#clock.after(LINGER_MS, () => this.leave(0));
  }

  #respond({ seq, command }: DapRequest, body: Json): void {
    this.#write({ type: 'response', request_seq: seq, success: true, command, body });
  }

  #refuse({ seq, command }: DapRequest, why: string): void {
    this.#write({ type: 'response', request_seq: seq, success: false, command, message: why, body: { error: { id: 1, format: why.replaceAll('{', '(').replaceAll('}', ')'), showUser: true } } });
  }

  #event(event: string, body: Json): void {
    this.#write({ type: 'event', event, body });
  }

  #write(message: Omit<DapResponse, 'seq'> | Omit<DapEvent, 'seq'> | DapMessage): void {
    this.#output.write(framed({ ...message, seq: ++this.#seq }));
    if (this.#output.writableLength > MAX_UNREAD_BYTES) this.leave(1);
  }
}

