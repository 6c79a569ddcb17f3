/** The process of an adapter: its stdin and stdout carry messages, and it is ended when the client needs it no longer. */
import { type Clock, within } from '../base/clock.ts';
import type { DebugEndedParams, Outcome } from '../protocol/index.ts';
import type { Process, Sink } from '../runtime/ports.ts';
import { DapReader, framed } from './codec.ts';
import { type DapMessage, MAX_MESSAGE_BYTES } from './dap.ts';
import type { Exchange, ExchangeParts } from './exchange.ts';
import { HostileMessage } from './rewrite.ts';

type Own = Pick<ExchangeParts, 'toAdapter' | 'printed' | 'over'>;

export interface AdapterParts {
  readonly clock: Clock;
  exchange(own: Own): Exchange;
}

/** So much may wait until the adapter takes it. */
const MAX_WAITING_BYTES = 2 * MAX_MESSAGE_BYTES;
/** How long an adapter may take to answer a client that disconnects. */
const DISCONNECT_MS = 3_000;
/** How long an adapter may take to end by itself when its stdin has ended. */
const END_MS = 1_000;
/** How long a client may take to disconnect when the program is over. */
const LINGER_MS = 10_000;

export class AdapterProcess {
  readonly exchange: Exchange;
  readonly #clock: Clock;
  readonly #reader = new DapReader();
  #child: Process | undefined;
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #count: (text: string) => boolean | Promise<boolean> = () => true;
  #cancelTimer: () => void = () => undefined;
  #ending = false;
  /** Whether the adapter did something for which it was ended. */
  #hostile = false;

  constructor({ clock, exchange }: AdapterParts) {
    this.#clock = clock;
    this.exchange = exchange({
      toAdapter: (message) => this.#write(message),
      printed: (text) => this.#count(text),
      over: (how) => this.#over(how),
    });
  }

  /** What takes the output of the adapter. What the program printed is counted by `counting`; `goesOn` says whether the command does, after that. */
  sink(counting: Sink, goesOn: () => boolean): Sink {
    this.#count = (text) => {
      const taken = counting('stdout', Buffer.from(text));
      return taken ? taken.then(goesOn) : goesOn();
    };
    return (stream, chunk) => (stream === 'stdout' ? this.#read(chunk) : undefined);
  }

  /** The process for its command, which ends when nothing of it is left. Nobody else writes to its stdin. */
  attach(child: Process): Process {
    this.#child = child;
    const exited = child.exited.then(async (exit) => {
      this.#cancelTimer();
      // The program may have outlived the adapter. If this fails, the sandbox is gone.
      await child.kill().catch(() => undefined);
      return exit;
    });
    return {
      exited,
      signal: (name) => child.signal(name),
      kill: (graceMs) => child.kill(graceMs),
      write: () => Promise.resolve(),
      end: () => undefined,
      resize: () => Promise.resolve(),
    };
  }

  /** How the debugging ended, given how the command did. The exit code is what the adapter told of the program. */
  verdict(outcome: Outcome): Pick<DebugEndedParams, 'outcome' | 'exitCode'> {
    const { exitCode, disconnected } = this.exchange;
    if (outcome !== 'exited' && outcome !== 'signaled') return { outcome, exitCode: null };
    if (this.#hostile) return { outcome: 'signaled', exitCode: null };
    if (exitCode !== undefined) return exitCode < 0 ? { outcome: 'signaled', exitCode: null } : { outcome: 'exited', exitCode };
    return { outcome: disconnected ? 'cancelled' : outcome, exitCode: null };
  }

  async #read(chunk: Buffer): Promise<void> {
    try {
      for (const message of this.#reader.push(chunk)) await this.exchange.fromAdapter(message);
    } catch (fault) {
      if (!(fault instanceof HostileMessage)) throw fault;
      return this.#condemn(fault.message);
    }
    if (this.#reader.fault !== undefined) return this.#condemn(this.#reader.fault);
  }

  async #condemn(why: string): Promise<void> {
    if (this.#hostile) return;
    this.#hostile = true;
    await this.exchange.close(`the debugger was ended, because ${why}`);
    this.#kill();
  }

  #write(message: DapMessage): boolean {
    const bytes = writable(message);
    const child = this.#child;
    if (!child || !bytes || bytes.length > MAX_MESSAGE_BYTES || this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) return false;
    this.#waitingBytes += bytes.length;
    this.#writing = this.#writing.then(async () => {
      // It is no error if the adapter has ended.
      await child.write(bytes).catch(() => undefined);
      this.#waitingBytes -= bytes.length;
    });
    return true;
  }

  #over(how: Parameters<Own['over']>[0]): void {
    if (how === 'answered') return void this.#end();
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(how === 'asked' ? DISCONNECT_MS : LINGER_MS, () => void this.#end());
  }

  async #end(): Promise<void> {
    if (this.#ending || !this.#child) return;
    this.#ending = true;
    this.#cancelTimer();
    this.#child.end();
    if (!(await within(this.#clock, END_MS, this.#child.exited))) this.#kill();
  }

  #kill(): void {
    // If this fails, the sandbox is gone, and `exited` says so.
    this.#child?.kill().catch(() => undefined);
  }
}

/** undefined: a client sent what is nested too deeply to be written. */
function writable(message: DapMessage): Buffer | undefined {
  try {
    return framed(message);
  } catch {
    return undefined;
  }
}
