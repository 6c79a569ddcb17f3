/** `codebeaker dap`: a debug adapter as every editor starts one. It speaks plain DAP on stdin and stdout, and is a client of the daemon's own protocol. */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import { deferred } from '../base/promises.ts';
import { debugLanguages, debuggerOf } from '../debug/adapters/table.ts';
import { DapReader, framed } from '../debug/codec.ts';
import { type DapEvent, type DapMessage, type DapRequest, type DapResponse, ENDS, errorOf, type Json } from '../debug/dap.ts';
import type { LanguageId } from '../protocol/index.ts';
import type { DapDaemon } from './dap-daemon.ts';
import { type DapLaunch, launchDebug, wordsOf } from './dap-launch.ts';
import { Exit } from './exit-codes.ts';
import { takeStdout } from '../wire/stdout.ts';
import { CannotRun } from './source.ts';
import type { Surroundings } from './surroundings.ts';

export interface DapStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WriteStream;
  stderr(): NodeJS.WriteStream;
}

/** How long the sandbox stays for a client that was told of the end and does not disconnect, and how long the end may take after that. */
const LINGER_MS = 10_000;
/** An editor that lets more wait has stopped reading. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** Who starts it by hand, or speaks something else with it, reads this on stderr. */
const WHAT_IT_IS = 'codebeaker dap is a debug adapter: an editor starts it, and speaks the Debug Adapter Protocol with it over stdin and stdout';
const WHAT_TO_DO = "With nvim-dap in Neovim: dap.adapters.codebeaker = { type = 'executable', command = 'codebeaker', args = { 'dap' } }. To run a program without a debugger: codebeaker run FILE";

/**
 * A daemon that cannot be had is no reason to answer nothing: an editor shows what `launch` is refused with, and not stderr.
 * @returns the exit code; where there is no daemon, that of `code`
 */
export async function dap(daemon: Promise<DapDaemon>, surroundings: Surroundings, language: LanguageId | undefined, { stdin, stdout, stderr }: DapStreams, codeFor: (fault: unknown) => number): Promise<number> {
  const say = (text: string) => void stderr().write(`codebeaker: ${text}\n`);
  const failed = daemon.then(() => undefined, (fault: unknown) => {
    say(wordsOf(fault));
    return codeFor(fault);
  });
  if (stdin.isTTY) {
    say(`${WHAT_IT_IS}. ${WHAT_TO_DO}`);
    await daemon.then((made) => made.close(), () => undefined);
    return Exit.usage;
  }
  const output = takeStdout(stdout, stderr);
  const desk = new Desk(daemon, surroundings, language, output);
  const reader = new DapReader();
  const refuse = (what: string) => {
    say(`${WHAT_IT_IS}; ${what}. ${WHAT_TO_DO}`);
    desk.leave(Exit.usage);
  };
  const read = (chunk: Buffer) => {
    for (const message of reader.push(chunk)) desk.take(message);
    if (reader.fault === undefined) return;
    stdin.off('data', read).resume();
    refuse(`this one is not understood, because ${reader.fault}`);
  };
  stdin.on('data', read);
  stdin.on('end', () => {
    if (desk.spoken || reader.fault !== undefined) desk.leave(0);
    else refuse(reader.inMessage ? 'stdin has ended, and what came is no message of this protocol, or only the beginning of one' : 'stdin has ended without a message');
  }).on('error', () => desk.leave(0));
  const code = await desk.left;
  await desk.close();
  await daemon.then((made) => made.close(), () => undefined);
  stdin.destroy();
  return (await failed) ?? code;
}

/** Answers what comes before the program is known, and passes everything else on. */
class Desk {
  readonly #daemon: Promise<DapDaemon>;
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
  /** Resolves when the debugger has answered the `initialize` that we pass on, or nobody waits for that any more. */
  #introduced = deferred();
  #over = false;
  #ended = false;
  #spoken = false;
  /** Whether the client knows that it is over. */
  #terminated = false;
  /** Why the debugger does not launch anything. undefined: it may. */
  #refusal: string | undefined;
  /** Resolves when the sandbox is gone. */
  #closed: Promise<void> | undefined;
  /** The requests that were passed on and have no answer, by their numbers. */
  readonly #passed = new Map<number, DapRequest>();
  /** What was asked of the editor and has no answer, by the numbers. */
  readonly #asked = new Map<number, (response: DapResponse) => void>();
  #stopWaiting: () => void = () => undefined;

  constructor(daemon: Promise<DapDaemon>, surroundings: Surroundings, language: LanguageId | undefined, output: Writable) {
    this.#daemon = daemon;
    this.#surroundings = surroundings;
    this.#clock = surroundings.clock;
    this.#language = language;
    this.#output = output;
  }

  /** Whether a client has said anything. */
  get spoken(): boolean {
    return this.#spoken;
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
    this.#introduced.resolve();
    await this.#launching;
    await this.#remove();
  }

  /** Removes the sandbox. */
  #remove(): Promise<void> {
    return (this.#closed ??= Promise.resolve(this.#launch?.close()));
  }

  take(message: DapMessage): void {
    this.#spoken = true;
    if (message.type === 'response') return this.#asked.get(message.request_seq)?.(message);
    if (message.type !== 'request') return;
    const { command } = message;
    if (command === 'initialize' && !this.#initialize) return this.#introduce(message);
    if ((command === 'launch' || command === 'attach') && !this.#launching) return void (this.#launching = this.#begin(message));
    if (command === 'disconnect' && (!this.#launch || this.#over)) {
      this.#respond(message, {});
      return this.leave(0);
    }
    if (this.#launch && !this.#over) this.#forward(message);
    else if (this.#over && ENDS.has(command)) this.#respond(message, {});
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
      this.#launch = await launchDebug(await this.#daemon, this.#surroundings, message.arguments ?? {}, {
        language: this.#language,
        signal: this.#closing.signal,
        runInTerminal: this.#initialize?.arguments?.supportsRunInTerminalRequest === true ? (args) => this.#runInTerminal(args) : undefined,
        take: (received) => this.#pass(received),
        ended: (why) => this.#end(why),
        tell: (text) => this.#event('output', { category: 'console', output: `${text}\n` }),
      });
      this.#launch.send({ seq: this.#initialize?.seq ?? 0, type: 'request', command: 'initialize', arguments: this.#initialize?.arguments ?? {} });
      await this.#introduced.promise;
      if (this.#closing.signal.aborted) return;
      if (this.#over || this.#refusal !== undefined) this.#fail(message, this.#refusal ?? 'the debugger has ended');
      else this.#forward(message);
    } catch (fault) {
      if (!this.#closing.signal.aborted) this.#fail(message, wordsOf(fault));
    }
  }

  #fail(launch: DapRequest, why: string): void {
    this.#over = true;
    this.#refuse(launch, why);
    this.#terminate();
  }

  #terminate(): void {
    if (!this.#terminated) this.#event('terminated', {});
    this.#terminated = true;
  }

  /** The command is one of CodeBeaker's own: nothing that an adapter says is a part of it. */
  #runInTerminal(args: Json): Promise<void> {
    return new Promise((resolve, reject) => {
      const seq = this.#write({ type: 'request', command: 'runInTerminal', arguments: args });
      this.#asked.set(seq, ({ success, message = 'it says no reason' }) => {
        this.#asked.delete(seq);
        if (success) resolve();
        else reject(new CannotRun(`the editor has not started a terminal for the program: ${message}`));
      });
    });
  }

  /** A message of the debugger. The answer to `initialize` was given before, so it becomes an event. */
  #pass(message: DapMessage): void {
    if (message.type === 'response' && message.command === 'initialize') {
      if (message.success) this.#event('capabilities', { capabilities: message.body ?? {} });
      else this.#refusal = message.message;
      this.#introduced.resolve();
      return;
    }
    if (message.type === 'response') this.#passed.delete(message.request_seq);
    if (message.type === 'event' && message.event === 'terminated') return this.#terminate();
    this.#write(message);
    if (message.type === 'response' && message.command === 'disconnect') this.#linger(() => this.leave(0));
  }

  /** It stays until the client disconnects or closes the pipe, but its sandbox does not. */
  #end(why: string | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    if (why !== undefined) this.#event('output', { category: 'important', output: `codebeaker: ${why}\n` });
    this.#over = true;
    for (const request of this.#passed.values()) {
      if (ENDS.has(request.command)) this.#respond(request, {});
      else this.#refuse(request, why ?? 'the debugger has ended');
    }
    this.#passed.clear();
    this.#introduced.resolve();
    if (this.#launch?.disconnected) return this.leave(0);
    if (this.#refusal === undefined) this.#terminate();
    this.#linger(() => void this.#remove());
  }

  #forward(message: DapRequest): void {
    this.#passed.set(message.seq, message);
    this.#launch?.send(message);
  }

  #linger(then: () => void): void {
    this.#stopWaiting();
    if (!this.#closing.signal.aborted) this.#stopWaiting = this.#clock.after(LINGER_MS, then);
  }

  #respond({ seq, command }: DapRequest, body: Json): void {
    this.#write({ type: 'response', request_seq: seq, success: true, command, body });
  }

  #refuse({ seq, command }: DapRequest, why: string): void {
    this.#write({ type: 'response', request_seq: seq, success: false, command, message: why, body: errorOf(why, true) });
  }

  #event(event: string, body: Json): void {
    this.#write({ type: 'event', event, body });
  }

  /** @returns the number of the message */
  #write(message: Omit<DapResponse, 'seq'> | Omit<DapEvent, 'seq'> | Omit<DapRequest, 'seq'> | DapMessage): number {
    const seq = ++this.#seq;
    this.#output.write(framed({ ...message, seq }));
    if (this.#output.writableLength > MAX_UNREAD_BYTES) this.leave(1);
    return seq;
  }
}

