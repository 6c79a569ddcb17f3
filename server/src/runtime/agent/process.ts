/** A program that an agent has started. */
import { type Clock, within } from '../../base/clock.ts';
import { deferred, Interruption } from '../../base/promises.ts';
import { ProtocolError } from '../../protocol/index.ts';
import type { Exit, HeldProcess, Program, Sink, Stream, TerminalSize } from '../ports.ts';
import type { AgentConnection } from './connection.ts';
import { gone, SHELL, startError, tooLong } from './errors.ts';
import { MAX_START_BYTES, Origin, Type, Writer } from './frames.ts';
import { ProgramInput } from './input.ts';
import { exitOf, startPayload } from './payloads.ts';
import { ProgramSignals } from './signals.ts';

/** So much output of one program may be on its way, or wait for a sink that is slow. */
const OUTPUT_WINDOW_BYTES = 512 * 1024;
/** The agent is told of what was taken in pieces of this size. */
const CREDIT_BYTES = OUTPUT_WINDOW_BYTES / 4;
/** An agent that does not say this long whether a program has started is not waited for. */
const START_DEADLINE_MS = 30_000;
/** A piece of output that is put together from several is no longer than this. */
const PIECE_BYTES = 64 * 1024;
/** If a program is not gone this long after it was killed, the sandbox is destroyed. */
const KILL_DEADLINE_MS = 6_000;

const streams: Readonly<Record<number, Stream>> = { [Origin.stdout]: 'stdout', [Origin.stderr]: 'stderr', [Origin.pty]: 'pty' };

export interface ProcessContext {
  readonly connection: AgentConnection;
  readonly clock: Clock;
  /** Finds out why the sandbox is gone. */
  lostExit(): Promise<Exit>;
  /** Destroys the sandbox. */
  giveUp(why: string): void;
  /** Gives what was killed more of the processor until it is gone. */
  hasten(dying: Promise<unknown>): void;
}

export class AgentProcess implements HeldProcess {
  readonly exited: Promise<Exit>;
  readonly #context: ProcessContext;
  readonly #channel: number;
  readonly #sink: Sink;
  readonly #onTerminal: boolean;
  readonly #started = deferred();
  /** Whether it waits where it was to be held; false where it ended before. */
  readonly #held = deferred<boolean>();
  readonly #released = deferred<boolean>();
  #waits: boolean;
  readonly #exit = deferred<Exit>();
  /** The program has ended, or nobody can know. */
  readonly #over = deferred();
  /** Nothing of the program lives any more. */
  readonly #gone = deferred();
  readonly #unheard = new Interruption();
  readonly #queue: [Stream, Buffer][] = [];
  /** Whether the last piece in the queue is a part of which the rest comes at once. */
  #partial = false;
  #busy = false;
  #untold = 0;
  /** So much output may still come. */
  #room = OUTPUT_WINDOW_BYTES;
  #doomed = false;
  #runs = false;
  #ended = false;
  /** How it has ended, while its last output is still being taken. */
  #last: Exit | undefined;
  readonly #signals = new ProgramSignals((number) => void this.#context.connection.send(Type.signal, this.#channel, number));
  readonly #input = new ProgramInput((piece) => void this.#context.connection.send(Type.data, this.#channel, piece));

  /** If `stop` aborts before it has started, it is killed. @throws ProtocolError if it can't be started */
  static async start(context: ProcessContext, program: Program, sink: Sink, stop?: AbortSignal): Promise<AgentProcess> {
    const process = new AgentProcess(context, program, undefined, sink);
    await process.#killedBy(stop, process.#begun());
    return process;
  }

  /** Starts it, and resolves when it has been stopped where it first looks at `path`. @throws ProtocolError as `start`; SandboxFailed */
  static async hold(context: ProcessContext, program: Program, path: string, sink: Sink): Promise<AgentProcess> {
    const process = new AgentProcess(context, program, path, sink);
    await process.#begun();
    if (await process.#held.promise) return process;
    throw new ProtocolError('SandboxFailed', 'the program has ended before it was held');
  }

  private constructor(context: ProcessContext, program: Program, heldAt: string | undefined, sink: Sink) {
    const payload = startPayload(program, OUTPUT_WINDOW_BYTES, heldAt);
    if (payload.length > MAX_START_BYTES) throw tooLong();
    this.#context = context;
    this.#sink = sink;
    this.#onTerminal = program.pty !== undefined;
    this.#waits = heldAt !== undefined;
    const name = typeof program.command === 'string' ? SHELL : (program.command[0] ?? '');
    this.#channel = context.connection.open({
      frame: (type, bytes) => this.#frame(type, bytes, name, program.cwd),
      output: (origin, bytes, complete) => this.#output(origin, bytes, complete),
      closed: () => this.#lost(),
    });
    this.exited = this.#exit.promise;
    void context.connection.send(Type.start, this.#channel, payload);
    if (Buffer.isBuffer(program.stdin) && !program.pty) void this.write(program.stdin).then(() => this.end());
  }

  /** Whether it was to be held, and has not been let go. */
  get waits(): boolean {
    return this.#waits;
  }

  async #begun(): Promise<void> {
    const { clock, giveUp } = this.#context;
    if (!(await within(clock, START_DEADLINE_MS, this.#started.promise))) giveUp('its agent does not start a program');
    await this.#started.promise;
  }

  /** Settles as `work` does. It is killed if `stop` aborts meanwhile. */
  async #killedBy<T>(stop: AbortSignal | undefined, work: Promise<T>): Promise<T> {
    const kill = () => void this.kill();
    if (stop?.aborted) kill();
    stop?.addEventListener('abort', kill, { once: true });
    try {
      return await work;
    } finally {
      stop?.removeEventListener('abort', kill);
    }
  }

  /** @throws Error where this can't come now: what it says could never be told, and what should have come before would be waited for */
  #frame(type: number, payload: Buffer, name: string, cwd: string): void {
    const begins = type === Type.started || type === Type.failed;
    if (begins ? this.#runs : type === Type.exit ? !this.#runs || this.#ended : type === Type.gone && !this.#ended) {
      throw new Error('an agent told of a program in an order that makes no sense');
    }
    if (type === Type.started) this.#start();
    else if (type === Type.failed) this.#failed(startError(payload.readUInt32LE(0), payload[4] ?? 0, name, cwd));
    else if (type === Type.taken) this.#input.taken(payload.readUInt32LE(0));
    else if (type === Type.held) this.#held.resolve(true);
    else if (type === Type.signaled) this.#signals.answered(payload[0] === 1);
    else if (type === Type.released) this.#letGo(payload[0] === 1);
    else if (type === Type.exit) this.#finish(exitOf(payload));
    else if (type === Type.gone) {
      this.#gone.resolve();
      this.#context.connection.release(this.#channel);
    }
  }

  #letGo(goes: boolean): void {
    this.#waits = !goes;
    this.#released.resolve(goes);
  }

  #start(): void {
    this.#runs = true;
    this.#started.resolve();
  }

  #failed(fault: ProtocolError): void {
    this.#context.connection.release(this.#channel);
    this.#ended = true;
    this.#input.drop();
    this.#gone.resolve();
    // Who kills it waits for its end.
    this.#exit.resolve({ kind: 'lost', reason: 'it was not started' });
    this.#started.reject(fault);
  }

  #lost(): void {
    this.#partial = false;
    if (!this.#busy) this.#serve();
    this.#started.reject(gone());
    this.#gone.resolve();
    void this.#context.lostExit().then((exit) => this.#finish(exit));
  }

  /** All output comes before the exit. What is killed has not ended before all of it is gone. */
  #finish(exit: Exit): void {
    this.#ended = true;
    this.#held.resolve(false);
    this.#released.resolve(false);
    this.#over.resolve();
    this.#input.drop();
    this.#signals.drop();
    if (this.#doomed) {
      this.#queue.length = 0;
      void this.#gone.promise.then(() => this.#exit.resolve(exit));
    } else if (this.#busy) {
      this.#last = exit;
    } else {
      this.#exit.resolve(exit);
    }
  }

  /** @throws Error where the agent sends more than it may */
  #output(origin: number, bytes: Buffer, complete: boolean): void {
    const stream = streams[origin];
    if (!stream) return;
    this.#room -= bytes.length;
    if (this.#room < 0) throw new Error('an agent sent more output than was asked for');
    if (this.#doomed) return this.#credit(bytes.length);
    this.#queue.push([stream, bytes]);
    this.#partial = !complete;
    if (complete && !this.#busy) this.#serve();
  }

  /** Gives the sink one piece after another. */
  #serve(): void {
    this.#busy = true;
    for (let next = this.#next(); next; next = this.#next()) {
      const [stream, bytes] = next;
      const taken = this.#doomed ? undefined : this.#give(stream, bytes);
      if (taken) {
        void this.#unheard.limit(taken).catch(() => this.#unheard.happen()).then(() => {
          this.#credit(bytes.length);
          this.#serve();
        });
        return;
      }
      this.#credit(bytes.length);
    }
    this.#busy = false;
    if (this.#last) this.#finish(this.#last);
  }

  /** The next piece. Small pieces that have come while the sink was busy become one: to pass on a piece costs more than to copy it. */
  #next(): [Stream, Buffer] | undefined {
    if (this.#partial && this.#queue.length === 1) return undefined;
    const first = this.#queue.shift();
    if (!first) return undefined;
    const [stream, bytes] = first;
    const pieces = [bytes];
    let size = bytes.length;
    for (let next = this.#queue[0]; next && next[0] === stream && size + next[1].length <= PIECE_BYTES; next = this.#queue[0]) {
      pieces.push(next[1]);
      size += next[1].length;
      this.#queue.shift();
    }
    return [stream, pieces.length === 1 ? bytes : Buffer.concat(pieces, size)];
  }

  #give(stream: Stream, bytes: Buffer): void | Promise<void> {
    try {
      return this.#sink(stream, bytes);
    } catch (fault) {
      return Promise.reject(fault);
    }
  }

  #credit(bytes: number): void {
    this.#untold += bytes;
    if (this.#untold < CREDIT_BYTES || this.#ended) return;
    this.#room += this.#untold;
    void this.#context.connection.send(Type.credit, this.#channel, new Writer().u32(this.#untold).bytes);
    this.#untold = 0;
  }

  async release(stop?: AbortSignal): Promise<boolean> {
    void this.#context.connection.send(Type.release, this.#channel);
    return this.#killedBy(stop, this.#context.connection.answered(this.#released.promise));
  }

  async signal(name: string): Promise<boolean> {
    return this.#ended ? false : this.#context.connection.answered(this.#signals.send(name));
  }

  async kill(graceMs = 0): Promise<void> {
    const { connection, clock, giveUp, hasten } = this.#context;
    const first = !this.#doomed;
    this.#doomed = true;
    this.#unheard.happen();
    if (!this.#ended) {
      if (!first) return;
      if (graceMs > 0) {
        void this.signal('SIGTERM');
        await within(clock, graceMs, this.#over.promise);
      }
    }
    void connection.send(Type.kill, this.#channel);
    const all = Promise.all([this.#gone.promise, this.exited]);
    hasten(all);
    if (!(await within(clock, KILL_DEADLINE_MS, all))) giveUp('a program could not be killed');
  }

  write(bytes: Buffer): Promise<void> {
    return this.#ended || bytes.length === 0 ? Promise.resolve() : this.#input.write(bytes);
  }

  end(): void {
    if (this.#ended) return;
    if (this.#onTerminal) return void this.write(END_OF_TRANSMISSION);
    this.#input.afterAll(() => void this.#context.connection.send(Type.end, this.#channel));
  }

  async resize({ cols, rows }: TerminalSize): Promise<void> {
    if (!this.#ended) void this.#context.connection.send(Type.resize, this.#channel, new Writer().u16(cols).u16(rows).bytes);
  }
}

/** Ctrl-D. */
const END_OF_TRANSMISSION = Buffer.from([4]);
