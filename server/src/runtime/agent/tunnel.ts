/** The connections between the programs of a sandbox and the daemon. The daemon hands them on; the agent moves their bytes. */
import type { Duplex } from 'node:stream';
import { type Clock, deadline } from '../../base/clock.ts';
import { deferred } from '../../base/promises.ts';
import { ProtocolError } from '../../protocol/index.ts';
import type { SandboxPort } from '../ports.ts';
import { type AgentConnection, ConnectionLost } from './connection.ts';
import { ECONNREFUSED, gone, nameOf } from './errors.ts';
import { MAX_CONNECTIONS, Type, Writer } from './frames.ts';
import { AgentPort } from './port.ts';
import { AgentStream, STREAM_WINDOW_BYTES } from './stream.ts';
import { PortWatch } from './watch.ts';

/** A program that takes no connection for so long is not waited for. */
const CONNECT_DEADLINE_MS = 30_000;

export class Tunnel {
  readonly #connection: AgentConnection;
  readonly #clock: Clock;
  readonly #watch: PortWatch;
  /** How many connections the agent holds. */
  #held = 0;

  constructor(connection: AgentConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#watch = new PortWatch(connection);
  }

  /** @throws ProtocolError SandboxFailed, SandboxLost */
  listen(port: number, accept: (connection: Duplex) => void): Promise<SandboxPort> {
    return goneAsLost(() => AgentPort.open(port, { connection: this.#connection, accept, stream: (channel) => this.#stream(channel) }));
  }

  /** @throws ProtocolError SandboxFailed, SandboxLost */
  connect(port: number): Promise<Duplex> {
    return goneAsLost(() => this.#connect(port));
  }

  watchPorts(signal: AbortSignal, changed: (ports: readonly number[]) => void): void {
    this.#watch.add(signal, changed);
  }

  async #connect(port: number): Promise<Duplex> {
    const connection = this.#connection;
    const opened = deferred<AgentStream>();
    let stream: AgentStream | undefined;
    let late = false;
    const channel: number = connection.open({
      frame: (type, payload) => {
        if (stream) return stream.listener.frame(type, payload);
        if (type === Type.closed) return connection.release(channel);
        if (type !== Type.opened) throw new Error('an agent told of a connection that is not there');
        const errno = payload.readUInt32LE(0);
        if (errno !== 0) {
          connection.release(channel);
          return opened.reject(connectError(errno, port));
        }
        stream = this.#stream(channel);
        if (late) stream.destroy();
        opened.resolve(stream);
      },
      output: (origin, bytes, complete) => {
        if (!stream) throw new Error('an agent sent something of a connection that is not there');
        stream.listener.output(origin, bytes, complete);
      },
      closed: () => {
        opened.reject(gone());
        stream?.listener.closed();
      },
    });
    void connection.send(Type.connect, channel, new Writer().u16(port).u32(STREAM_WINDOW_BYTES).bytes);
    return deadline(this.#clock, CONNECT_DEADLINE_MS, opened.promise, () => {
      late = true;
      void connection.send(Type.close, channel);
      return new ProtocolError('SandboxFailed', `what listens on port ${port} in the sandbox takes no connection`);
    });
  }

  /** @throws Error where an agent holds more connections than it may */
  #stream(channel: number): AgentStream {
    if (++this.#held > MAX_CONNECTIONS) throw new Error('an agent accepted more connections than it may');
    return new AgentStream(this.#connection, channel, () => void this.#held--);
  }
}

function connectError(errno: number, port: number): ProtocolError {
  const name = nameOf(errno);
  const why = errno === ECONNREFUSED ? `nothing listens on port ${port} in the sandbox` : `the sandbox can't be connected to on port ${port}: ${name}`;
  return new ProtocolError('SandboxFailed', why, { errno: name });
}

async function goneAsLost<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (fault) {
    throw fault instanceof ConnectionLost ? gone() : fault;
  }
}
