/** The process of an adapter: its stdin and stdout carry messages, and it is ended when the client needs it no longer. */
import { type Clock, within } from '../base/clock.ts';
import { deferred } from '../base/promises.ts';
import type { DebugEndedParams, Outcome } from '../protocol/index.ts';
import type { Process, Sink } from '../runtime/ports.ts';
import { DapReader, writable } from './codec.ts';
import { type DapMessage, MAX_MESSAGE_BYTES } from './dap.ts';
import type { Exchange, ExchangeParts } from './exchange.ts';
import type { MakeMend, Mend } from './mend.ts';
import { HostileMessage } from './rewrite.ts';
import type { Terminal } from './terminal.ts';

type Own = Pick<ExchangeParts, 'toAdapter' | 'printed' | 'over'>;

export interface AdapterParts {
  readonly clock: Clock;
  exchange(own: Own): Exchange;
  /** What stands between the exchange and the adapter. Absent: nothing. */
  readonly mend?: MakeMend | undefined;
  /** That of the program. Absent: it has none. */
  readonly terminal?: Terminal | undefined;
}

/** So much may wait until the adapter takes it. */
const MAX_WAITING_BYTES = 2 * MAX_MESSAGE_BYTES;
/** How long an adapter may take to answer a client that disconnects. */
const DISCONNECT_MS = 3_000;
/** How long an adapter may take to end by itself when its stdin has ended. */
const END_MS = 1_000;
/** How long a client may take to disconnect when the program is over. */
const LINGER_MS = 10_000;
/** The same where the adapter has ended as well: what the client sends before it knows of that is still answered. */
const FAREWELL_MS = 2_000;

export class AdapterProcess {
  readonly exchange: Exchange;
  readonly #mend: Mend;
  readonly #clock: Clock;
  readonly #terminal: Terminal | undefined;
  readonly #reader = new DapReader();
  #child: Process | undefined;
  /** What a client sends before the adapter is there waits for it. */
  readonly #attached = deferred<Process>();
  #waitingBytes = 0;
  #writing: Promise<void> = Promise.resolve();
  #count: (text: string) => boolean | Promise<boolean> = () => true;
  #cancelTimer: () => void = () => undefined;
  /** Resolves when the client needs it no longer. */
  readonly #left = deferred();
  /** Whether it has ended, or has been told to. */
  #ending = false;
  /** Whether the adapter did something for which it was ended. */
  #hostile = false;

  constructor({ clock, exchange, terminal, mend = (sides) => ({ toAdapter: sides.adapter, fromAdapter: sides.client }) }: AdapterParts) {
    this.#clock = clock;
    this.#terminal = terminal;
    this.#mend = mend({ adapter: (message) => this.#write(message), client: (message) => this.#tell(message) });
    this.exchange = exchange({
      toAdapter: (message) => this.#mend.toAdapter(message),
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

  /** The process for its command, which ends when nothing of it is left. Nobody else writes to its stdin: input and size are those of the program in its terminal. */
  attach(child: Process): Process {
    this.#child = child;
    this.#attached.resolve(child);
    // What it did before anybody had it counts as well.
    if (this.#hostile) this.#kill();
    const exited = child.exited.then(async (exit) => {
      this.#ending = true;
      this.#cancelTimer();
      // The program may have outlived the adapter. If this fails, the sandbox is gone.
      await Promise.all([child.kill().catch(() => undefined), terminal?.close()]);
      return exit;
    });
    const terminal = this.#terminal;
    return {
      exited,
      signal: (name) => (terminal?.taken ? terminal : child).signal(name),
      kill: async (graceMs) => {
        await Promise.all([child.kill(graceMs), terminal?.close(graceMs)]);
      },
      write: async (bytes) => terminal?.write(bytes),
      end: () => terminal?.end(),
      resize: async (size) => terminal?.resize(size),
    };
  }

  /** The adapter has ended, and its exchange is closed. Resolves when a client that was told so has disconnected, or has had time to; or when `halted` aborts. */
  async farewell(halted: AbortSignal): Promise<void> {
    const { terminated, disconnected } = this.exchange;
    if (!terminated || disconnected || halted.aborted) return;
    const leave = () => this.#left.resolve();
    halted.addEventListener('abort', leave, { once: true });
    await within(this.#clock, FAREWELL_MS, this.#left.promise);
    halted.removeEventListener('abort', leave);
  }

  /** How the debugging ended, given how the command did. The exit code is what the adapter told of the program. */
  verdict(outcome: Outcome): Pick<DebugEndedParams, 'outcome' | 'exitCode'> {
    const { exitCode = this.#terminal?.exitCode, disconnected, wasAsked } = this.exchange;
    if (outcome !== 'exited' && outcome !== 'signaled') return { outcome, exitCode: null };
    if (this.#hostile) return { outcome: 'signaled', exitCode: null };
    if (exitCode !== undefined && exitCode >= 0) return { outcome: 'exited', exitCode };
    if (exitCode !== undefined) return { outcome: wasAsked ? 'cancelled' : 'signaled', exitCode: null };
    return { outcome: disconnected ? 'cancelled' : outcome, exitCode: null };
  }

  async #read(chunk: Buffer): Promise<void> {
    try {
      for (const message of this.#reader.push(chunk)) {
        if (this.#hostile) return;
        await this.#mend.fromAdapter(message);
      }
    } catch (fault) {
      return this.#condemn(reasonIn(fault));
    }
    if (this.#reader.fault !== undefined) return this.#condemn(this.#reader.fault);
  }

  /** Never rejects: a mend may tell something for which nothing waits. */
  async #tell(message: DapMessage): Promise<void> {
    await this.exchange.fromAdapter(message).catch((fault: unknown) => this.#condemn(reasonIn(fault)));
  }

  async #condemn(why: string): Promise<void> {
    if (this.#hostile) return;
    this.#hostile = true;
    // It does nothing more, whenever the client has room for what it is told.
    this.#kill();
    await this.exchange.close(`the debugger was ended, because ${why}`);
  }

  #write(message: DapMessage): boolean {
    const bytes = writable(message);
    if (!bytes || this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) return false;
    this.#waitingBytes += bytes.length;
    this.#writing = this.#writing.then(async () => {
      const child = await this.#attached.promise;
      // It is no error if the adapter has ended.
      await child.write(bytes).catch(() => undefined);
      this.#waitingBytes -= bytes.length;
    });
    return true;
  }

  #over(how: Parameters<Own['over']>[0]): void {
    if (how === 'disconnected') return void this.#end();
    // A client that has disconnected needs no time to do so.
    if (this.#ending || (how === 'terminated' && this.exchange.disconnected)) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(how === 'disconnecting' ? DISCONNECT_MS : LINGER_MS, () => void this.#end());
  }

  async #end(): Promise<void> {
    this.#left.resolve();
    if (this.#ending || !this.#child) return;
    this.#ending = true;
    this.#cancelTimer();
    this.#child.end();
    if (!(await within(this.#clock, END_MS, this.#child.exited))) this.#kill();
  }

  #kill(): void {
    // If this fails, the sandbox is gone, and `exited` says so.
    this.#child?.kill().catch(() => undefined);
    void this.#terminal?.close();
  }
}

function reasonIn(fault: unknown): string {
  return fault instanceof HostileMessage ? fault.message : 'it sent a message with which nothing can be done';
}
