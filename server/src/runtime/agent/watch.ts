/** The ports on which programs of a sandbox listen, for all who want to know. The agent looks only while there is somebody. */
import { type AgentConnection, ConnectionLost } from './connection.ts';
import { Type } from './frames.ts';

type Changed = (ports: readonly number[]) => void;

export class PortWatch {
  readonly #connection: AgentConnection;
  readonly #watchers = new Set<Changed>();
  /** Where the agent tells of changes. undefined: nobody wants to know. */
  #channel: number | undefined;
  #ports: readonly number[] = [];

  constructor(connection: AgentConnection) {
    this.#connection = connection;
  }

  /** Calls `changed` with the ports whenever they have changed, until `signal` aborts. At first there are none. */
  add(signal: AbortSignal, changed: Changed): void {
    if (signal.aborted) return;
    const watcher: Changed = (ports) => changed(ports);
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => this.#remove(watcher), { once: true });
    if (this.#channel === undefined) this.#begin();
    else if (this.#ports.length > 0) watcher(this.#ports);
  }

  #begin(): void {
    this.#ports = [];
    try {
      const channel = this.#connection.open({
        frame: (type, payload) => {
          if (type === Type.closed) this.#connection.release(channel);
          else if (type === Type.ports && channel === this.#channel) this.#tell(portsIn(payload));
        },
        output: () => undefined,
        closed: () => this.#watchers.clear(),
      });
      this.#channel = channel;
      void this.#connection.send(Type.watchPorts, channel);
    } catch (fault) {
      if (!(fault instanceof ConnectionLost)) throw fault;
    }
  }

  #tell(ports: readonly number[]): void {
    this.#ports = ports;
    for (const watcher of this.#watchers) watcher(ports);
  }

  #remove(watcher: Changed): void {
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0 || this.#channel === undefined) return;
    void this.#connection.send(Type.close, this.#channel);
    this.#channel = undefined;
  }
}

/** @throws Error where they make no sense */
function portsIn(payload: Buffer): number[] {
  const ports = Array.from({ length: payload.length / 2 }, (_, at) => payload.readUInt16LE(at * 2));
  if (ports.some((port, at) => port <= (ports[at - 1] ?? 0))) throw new Error('an agent told of ports that make no sense');
  return ports;
}
