/** An agent that a test plays: it sees the frames that the daemon sends, and sends what it likes. */
import { constants } from 'node:os';
import { deferred, nextLoopIteration } from '../../../server/src/base/promises.ts';
import { AgentConnection } from '../../../server/src/runtime/agent/connection.ts';
import { FakeClock } from '../../fakes/clock.ts';
import type { Carrier } from '../../../server/src/runtime/agent/carrier.ts';
import { frame, Origin, PROTOCOL_VERSION, Type, Writer } from '../../../server/src/runtime/agent/frames.ts';

export interface Sent {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

export type TypeName = keyof typeof Type;

export class ScriptedAgent {
  /** Every frame that the daemon has sent, in order. */
  readonly sent: Sent[] = [];
  /** The sizes of the single writes to the carrier. */
  readonly writes: number[] = [];
  readonly carrier: Carrier;
  destroyed = false;
  readonly #closed = deferred();
  readonly #answers = new Map<number, (sent: Sent) => void>();
  #take: (bytes: Buffer) => void = () => undefined;
  #rest = Buffer.alloc(0);
  #held: Promise<void> = Promise.resolve();

  constructor() {
    this.carrier = {
      write: (frames, payload) => {
        const bytes = payload ? Buffer.concat([frames, payload]) : frames;
        this.writes.push(bytes.length);
        this.#receive(bytes);
        return this.#held;
      },
      listen: (take) => void (this.#take = take),
      closed: this.#closed.promise,
      destroy: () => {
        this.destroyed = true;
        this.#closed.resolve();
      },
    };
  }

  /** Calls `answer` for each frame of this type that comes from now on. */
  on(type: TypeName, answer: (sent: Sent) => void): this {
    this.#answers.set(Type[type], answer);
    return this;
  }

  /** Answers each request of this type with an errno, and what comes after it. */
  answer(type: TypeName, errno: number | keyof typeof constants.errno = 0, payload: Buffer = Buffer.alloc(0)): this {
    return this.on(type, ({ channel }) => this.done(channel, errno, payload));
  }

  /** The frames of a type that the daemon has sent. */
  of(type: TypeName): Sent[] {
    return this.sent.filter((each) => each.type === Type[type]);
  }

  say(type: TypeName, channel: number, payload?: Buffer): void {
    this.raw(frame(Type[type], channel, payload));
  }

  raw(bytes: Buffer): void {
    this.#take(bytes);
  }

  hello(facts = '', version = PROTOCOL_VERSION): void {
    this.say('hello', 0, Buffer.concat([new Writer().u32(version).bytes, Buffer.from(facts)]));
  }

  done(channel: number, errno: number | keyof typeof constants.errno = 0, payload: Buffer = Buffer.alloc(0)): void {
    const number = typeof errno === 'number' ? errno : constants.errno[errno];
    this.say('done', channel, Buffer.concat([new Writer().u32(number).bytes, payload]));
  }

  output(channel: number, origin: keyof typeof Origin, bytes: string | Buffer): void {
    this.say('output', channel, Buffer.concat([Buffer.from([Origin[origin]]), Buffer.from(bytes as string)]));
  }

  /** From now on the carrier takes nothing more, until the result is called. */
  hold(): () => void {
    const { promise, resolve } = deferred();
    this.#held = promise;
    return () => {
      this.#held = Promise.resolve();
      resolve();
    };
  }

  /** The agent goes away. */
  end(): void {
    this.#closed.resolve();
  }

  #receive(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 9 && this.#rest.length >= 9 + this.#rest.readUInt32LE(0)) {
      const end = 9 + this.#rest.readUInt32LE(0);
      const sent = { type: this.#rest.readUInt8(8), channel: this.#rest.readUInt32LE(4), payload: this.#rest.subarray(9, end) };
      this.#rest = this.#rest.subarray(end);
      this.sent.push(sent);
      const answer = this.#answers.get(sent.type);
      if (answer) queueMicrotask(() => answer(sent));
    }
  }
}

/** A connection to an agent that a test plays, and has said hello. */
export function connected(clock = new FakeClock()): { readonly agent: ScriptedAgent; readonly connection: AgentConnection; readonly clock: FakeClock } {
  const agent = new ScriptedAgent();
  const connection = new AgentConnection(agent.carrier, clock);
  agent.hello();
  return { agent, connection, clock };
}

/** What is on its way has arrived afterwards. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextLoopIteration();
}

/** The NUL-ended texts in a payload, from an offset on. */
export function textsIn(payload: Buffer, offset = 0): string[] {
  return payload.subarray(offset).toString('latin1').split('\0').slice(0, -1).map((text) => Buffer.from(text, 'latin1').toString());
}

/** Whether the connection can still be used. */
export function isOpen(connection: AgentConnection): boolean {
  try {
    connection.release(connection.open({ frame: () => undefined, output: () => undefined, closed: () => undefined }));
    return true;
  } catch {
    return false;
  }
}
