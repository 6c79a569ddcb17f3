/** A connection with a program of a sandbox: a stream of bytes over a channel of its agent. */
import { Duplex } from 'node:stream';
import type { AgentConnection, Listener } from './connection.ts';
import { gone, nameOf } from './errors.ts';
import { RELAY_WINDOW_BYTES, Type, Writer } from './frames.ts';
import { Gathered } from './gathered.ts';

/** So much may be on its way to the daemon, or wait for whoever reads it. */
export const STREAM_WINDOW_BYTES = 256 * 1024;
/** The agent is told of what was read in pieces of this size. */
const CREDIT_BYTES = STREAM_WINDOW_BYTES / 8;
/** So much goes into one frame. */
const PIECE_BYTES = 64 * 1024;

type Callback = (fault?: Error | null) => void;

/**
 * Each direction can end by itself. A program that breaks its connection off is told as the error ECONNRESET, and the end
 * of the sandbox as SandboxLost; an error that nobody listens to does no harm.
 */
export class AgentStream extends Duplex {
  readonly #connection: AgentConnection;
  readonly #channel: number;
  readonly #released: () => void;
  /** Takes what comes on the channel. */
  readonly listener: Listener = {
    frame: (type, payload) => this.#frame(type, payload),
    output: (_origin, bytes) => this.#output(bytes),
    closed: () => this.#lost(),
  };
  /** What has come and was not asked for yet. */
  readonly #come = new Gathered();
  #wanted = false;
  /** So much may still come. */
  #expected = STREAM_WINDOW_BYTES;
  #untold = 0;
  /** What is being written, and may not go yet. */
  #waiting: { bytes: Buffer; done: Callback } | undefined;
  #room = RELAY_WINDOW_BYTES;
  #endCame = false;
  #endSent = false;
  /** It was destroyed, which the agent was told. */
  #leaving = false;
  /** Nothing is left of it in the sandbox. */
  #over = false;

  /** `released` is called when it is over. */
  constructor(connection: AgentConnection, channel: number, released: () => void) {
    // What waits is held here, put together, and not in the many pieces in which it has come.
    super({ allowHalfOpen: true, readableHighWaterMark: 1, writableHighWaterMark: PIECE_BYTES });
    this.#connection = connection;
    this.#channel = channel;
    this.#released = released;
    this.on('error', () => undefined);
  }

  /** @throws Error where this can't come now */
  #frame(type: number, payload: Buffer): void {
    if (type === Type.taken) this.#taken(payload.readUInt32LE(0));
    else if (type === Type.ended && !this.#endCame) this.#end();
    else if (type === Type.closed) this.#close(payload.readUInt32LE(0));
    else throw new Error('an agent told of a connection what makes no sense');
  }

  /** @throws Error where the agent sends more than it may */
  #output(bytes: Buffer): void {
    this.#expected -= bytes.length;
    if (this.#expected < 0 || this.#endCame) throw new Error('an agent sent more of a connection than was asked for');
    if (this.destroyed) return;
    this.#come.add(bytes);
    if (this.#wanted) this.#pass();
  }

  #lost(): void {
    this.#over = true;
    this.#released();
    this.destroy(gone());
  }

  override _read(): void {
    this.#wanted = true;
    this.#pass();
  }

  override _write(chunk: Buffer, _encoding: string, done: Callback): void {
    this.#waiting = { bytes: chunk, done };
    this.#feed();
  }

  override _final(done: Callback): void {
    this.#endSent = true;
    void this.#connection.send(Type.end, this.#channel);
    done();
  }

  override _destroy(fault: Error | null, done: Callback): void {
    this.#come.clear();
    const both = this.#endSent && this.#endCame;
    if (!this.#over && !both) {
      this.#leaving = true;
      void this.#connection.send(Type.close, this.#channel);
    }
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.done(fault ?? new Error('the connection was closed'));
    done(fault);
  }

  /** Passes on what has come, as long as it is asked for. */
  #pass(): void {
    for (let bytes = this.#come.take(); bytes; bytes = this.#come.take()) {
      this.#untold += bytes.length;
      if (this.push(bytes)) continue;
      this.#wanted = false;
      break;
    }
    if (this.#untold >= CREDIT_BYTES && !this.destroyed && !this.#endCame) this.#credit();
    if (this.#endCame && this.#come.empty && !this.destroyed) this.push(null);
  }

  #credit(): void {
    this.#expected += this.#untold;
    void this.#connection.send(Type.credit, this.#channel, new Writer().u32(this.#untold).bytes);
    this.#untold = 0;
  }

  #end(): void {
    this.#endCame = true;
    if (this.#come.empty && !this.destroyed) this.push(null);
  }

  #taken(bytes: number): void {
    this.#room += bytes;
    if (this.#room > RELAY_WINDOW_BYTES) throw new Error('an agent took more of a connection than there was');
    this.#feed();
  }

  #feed(): void {
    for (let waiting = this.#waiting; waiting && this.#room > 0; waiting = this.#waiting) {
      const piece = waiting.bytes.subarray(0, Math.min(this.#room, PIECE_BYTES));
      this.#room -= piece.length;
      void this.#connection.send(Type.data, this.#channel, piece);
      waiting.bytes = waiting.bytes.subarray(piece.length);
      if (waiting.bytes.length > 0) continue;
      this.#waiting = undefined;
      waiting.done();
    }
  }

  #close(errno: number): void {
    if (errno === 0 && !this.#leaving && !(this.#endSent && this.#endCame)) throw new Error('an agent closed a connection that had not ended');
    this.#over = true;
    this.#connection.release(this.#channel);
    this.#released();
    if (errno === 0) return;
    const fault = Object.assign(new Error(`the program broke the connection off (${nameOf(errno)})`), { code: nameOf(errno) });
    // What it has sent before is read to its end.
    if (this.#endCame && !this.readableEnded) this.once('end', () => this.destroy(fault));
    else this.destroy(fault);
  }
}
