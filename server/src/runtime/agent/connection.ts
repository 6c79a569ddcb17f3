/** The connection to one agent: its channels, and what is asked and answered on them. */
import type { Clock } from '../../base/clock.ts';
import { deferred } from '../../base/promises.ts';
import type { Carrier } from './carrier.ts';
import { FIRST_ACCEPTED_CHANNEL, frame, FrameReader, header, PROTOCOL_VERSION, Type } from './frames.ts';
import { Pulse } from './pulse.ts';

/** Who gets what comes on a channel. */
export interface Listener {
  frame(type: number, payload: Buffer): void;
  /** `complete`: nothing more of it will come at once. */
  output(origin: number, bytes: Buffer, complete: boolean): void;
  /** The connection has ended. Nothing more will come. */
  closed(): void;
  /** For a port on which the agent listens: it has accepted a connection, which has this channel. Returns who gets what comes on it. */
  accepted?(channel: number): Listener;
}

/** The answer to a request: an errno, which is 0 if it succeeded, and what comes after it. */
export interface Answer {
  readonly errno: number;
  readonly payload: Buffer;
}

/** The connection ended before the answer came. */
export class ConnectionLost extends Error {}

export class AgentConnection {
  readonly #carrier: Carrier;
  readonly #listeners = new Map<number, Listener>();
  readonly #hello = deferred<string>();
  readonly #pulse: Pulse;
  #lastChannel = 0;
  #open = true;
  #reason: string | undefined;
  #waiting: Buffer[] | undefined;

  constructor(carrier: Carrier, clock: Clock) {
    this.#carrier = carrier;
    this.#pulse = new Pulse({ clock, ask: () => this.#ping(), stopped: () => this.#giveUp('its agent has stopped: nothing comes from it') });
    const reader = new FrameReader({
      frame: (type, channel, payload) => this.#frame(type, channel, payload),
      output: (channel, origin, bytes, complete) => this.#listeners.get(channel)?.output(origin, bytes, complete),
    });
    carrier.listen((bytes) => {
      this.#pulse.heard();
      try {
        reader.feed(bytes);
      } catch (fault) {
        this.#giveUp((fault as Error).message);
      }
    });
    void carrier.closed.then(() => this.#closed());
  }

  /** Resolves with the facts that the agent tells when it has started. Rejects where the connection ends before. */
  get hello(): Promise<string> {
    return this.#hello.promise;
  }

  /** Resolves when the connection has ended. */
  get closed(): Promise<void> {
    return this.#carrier.closed;
  }

  /** Why the agent gave up. undefined: it did not say. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Opens a channel. @throws ConnectionLost */
  open(listener: Listener): number {
    if (!this.#open) throw new ConnectionLost();
    const channel = (this.#lastChannel = (this.#lastChannel % (FIRST_ACCEPTED_CHANNEL - 1)) + 1);
    if (this.#listeners.has(channel)) return this.open(listener);
    this.#listeners.set(channel, listener);
    return channel;
  }

  /** Nothing that still comes on the channel is wanted. */
  release(channel: number): void {
    this.#listeners.delete(channel);
  }

  /**
   * Sends a frame. All small frames of one turn of the event loop go out in one write. Resolves when more may be sent.
   * `payload` may not be changed any more.
   */
  send(type: number, channel: number, payload?: Buffer): Promise<void> {
    if (!this.#open) return Promise.resolve();
    if (payload && payload.length > MAX_GATHERED_BYTES) {
      void this.#flush();
      return this.#carrier.write(header(type, channel, payload.length), payload);
    }
    const bytes = frame(type, channel, payload);
    if (!this.#waiting) {
      this.#waiting = [];
      queueMicrotask(() => void this.#flush());
    }
    this.#waiting.push(bytes);
    return Promise.resolve();
  }

  #flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return Promise.resolve();
    return this.#carrier.write(waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting));
  }

  /**
   * Asks for something that is answered once. `begin` sends it. `output` gets the content that comes before the answer,
   * `entries` what a directory has. An agent that has stopped is not waited for.
   * @throws ConnectionLost; the fault of `begin`
   */
  async ask(begin: (channel: number) => Promise<void>, take: { output?(bytes: Buffer): void; entries?(bytes: Buffer): void } = {}): Promise<Answer> {
    const answer = deferred<Answer>();
    const channel = this.open({
      frame: (type, payload) => {
        if (type === Type.entries) take.entries?.(payload);
        if (type === Type.done) answer.resolve({ errno: payload.readUInt32LE(0), payload: payload.subarray(4) });
      },
      output: (_origin, bytes) => take.output?.(bytes),
      closed: () => answer.reject(new ConnectionLost()),
    });
    try {
      const [result] = await Promise.all([this.answered(answer.promise), begin(channel)]);
      return result;
    } finally {
      this.release(channel);
    }
  }

  /** Settles as `answer` does, which the agent gives at once, or after work of its own. If the agent has stopped, the connection ends. */
  answered<T>(answer: Promise<T>): Promise<T> {
    return this.#pulse.during(answer);
  }

  destroy(): void {
    this.#carrier.destroy();
  }

  #giveUp(why: string): void {
    this.#reason ??= why;
    this.#carrier.destroy();
  }

  /** It looks for no programs, and says so. */
  #ping(): void {
    if (!this.#open) return;
    const channel = this.open({ frame: () => this.release(channel), output: () => undefined, closed: () => undefined });
    void this.send(Type.find, channel);
  }

  #frame(type: number, channel: number, payload: Buffer): void {
    if (type === Type.hello) return this.#greet(payload);
    if (type === Type.lost) {
      this.#reason ??= payload.toString();
      return;
    }
    if (type === Type.accepted) return this.#accept(channel, payload.readUInt32LE(0));
    this.#listeners.get(channel)?.frame(type, payload);
  }

  /** @throws Error where it makes no sense */
  #accept(channel: number, port: number): void {
    const listener = this.#listeners.get(port);
    if (!listener?.accepted || channel < FIRST_ACCEPTED_CHANNEL || this.#listeners.has(channel)) throw new Error('an agent told of a connection that nobody waits for');
    this.#listeners.set(channel, listener.accepted(channel));
  }

  #greet(payload: Buffer): void {
    if (payload.readUInt32LE(0) === PROTOCOL_VERSION) return this.#hello.resolve(payload.subarray(4).toString());
    this.#giveUp('the agent speaks another version of the protocol');
  }

  #closed(): void {
    this.#open = false;
    this.#waiting = undefined;
    this.#hello.reject(new ConnectionLost());
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listener of listeners) listener.closed();
  }
}

/** Larger frames are not put together with others, which would copy them. */
const MAX_GATHERED_BYTES = 16 * 1024;
