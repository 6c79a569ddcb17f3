/** A port on which an agent listens for its daemon. */
import type { Duplex } from 'node:stream';
import { deferred } from '../../base/promises.ts';
import { ProtocolError } from '../../protocol/index.ts';
import type { SandboxPort } from '../ports.ts';
import type { AgentConnection, Listener } from './connection.ts';
import { EACCES, EADDRINUSE, EMFILE, gone, nameOf } from './errors.ts';
import { Type, Writer } from './frames.ts';
import type { AgentStream} from './stream.ts';
import { STREAM_WINDOW_BYTES } from './stream.ts';

export interface PortParts {
  readonly connection: AgentConnection;
  /** Makes the stream of a connection that was accepted. */
  stream(channel: number): AgentStream;
  accept(connection: Duplex): void;
}

export class AgentPort implements SandboxPort {
  readonly #parts: PortParts;
  readonly #channel: number;
  readonly #opened = deferred<number>();
  #port: number;
  #closing = false;

  /** @throws ProtocolError SandboxFailed, SandboxLost */
  static async open(port: number, parts: PortParts): Promise<AgentPort> {
    const opening = new AgentPort(port, parts);
    opening.#port = await parts.connection.answered(opening.#opened.promise);
    return opening;
  }

  private constructor(port: number, parts: PortParts) {
    this.#parts = parts;
    this.#port = port;
    const listener: Listener = {
      frame: (type, payload) => this.#frame(type, payload),
      output: () => undefined,
      closed: () => this.#opened.reject(gone()),
      accepted: (channel) => this.#accepted(channel),
    };
    this.#channel = parts.connection.open(listener);
    void parts.connection.send(Type.listen, this.#channel, new Writer().u16(port).u32(STREAM_WINDOW_BYTES).bytes);
  }

  get port(): number {
    return this.#port;
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    void this.#parts.connection.send(Type.close, this.#channel);
  }

  #frame(type: number, payload: Buffer): void {
    if (type === Type.closed) return this.#parts.connection.release(this.#channel);
    if (type !== Type.opened) return;
    const errno = payload.readUInt32LE(0);
    if (errno === 0) return this.#opened.resolve(payload.readUInt16LE(4));
    this.#parts.connection.release(this.#channel);
    this.#opened.reject(portError(errno, this.#port));
  }

  #accepted(channel: number): Listener {
    const stream = this.#parts.stream(channel);
    if (this.#closing) stream.destroy();
    else this.#parts.accept(stream);
    return stream.listener;
  }
}

const reasons: Readonly<Partial<Record<number, string>>> = {
  [EADDRINUSE]: 'it is taken: a program listens there',
  [EACCES]: 'ports below 1024 are for the root user: choose another',
  [EMFILE]: 'the sandbox listens on as many ports as it can: close one of them',
};

function portError(errno: number, port: number): ProtocolError {
  const name = nameOf(errno);
  return new ProtocolError('SandboxFailed', `the sandbox can't listen on port ${port}: ${reasons[errno] ?? name}`, { errno: name });
}
