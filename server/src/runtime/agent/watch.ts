/** The ports on which programs of a sandbox listen, for all who want to know. The agent looks only while there is somebody. */
import { deferred, type Deferred } from '../../base/promises.ts';
import { type AgentConnection, ConnectionLost } from './connection.ts';
import { Type } from './frames.ts';

type Ports = readonly number[];

interface Watcher {
  readonly changed: (ports: Ports) => void;
  /** Settles with the ports as they were when it began to watch. */
  readonly first: Deferred<Ports>;
}

export class PortWatch {
  readonly #connection: AgentConnection;
  readonly #watchers = new Set<Watcher>();
  /** Those who wait for an answer of the agent, in the order of their questions. */
  readonly #asking: Watcher[] = [];
  /** Where the agent tells of changes. undefined: nobody wants to know. */
  #channel: number | undefined;
  #ports: Ports = [];

  constructor(connection: AgentConnection) {
    this.#connection = connection;
  }

  /** Calls `changed` with the ports as they are now, and whenever they have changed, until `signal` aborts. */
  add(signal: AbortSignal, changed: (ports: Ports) => void): void {
    if (signal.aborted) return;
    const watcher = { changed, first: deferred<Ports>() };
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => this.#remove(watcher), { once: true });
    try {
      this.#channel ??= this.#open();
    } catch (fault) {
      if (!(fault instanceof ConnectionLost)) throw fault;
      return changed([]);
    }
    this.#asking.push(watcher);
    void this.#connection.send(Type.watchPorts, this.#channel);
    void this.#connection.answered(watcher.first.promise);
  }

  #open(): number {
    const channel = this.#connection.open({
      frame: (type, payload) => {
        if (type === Type.closed) this.#connection.release(channel);
        else if (type === Type.ports && channel === this.#channel) this.#told(payload[0] === 1, portsIn(payload.subarray(1)));
      },
      output: () => undefined,
      closed: () => {
        this.#channel = undefined;
        for (const watcher of this.#asking.splice(0)) this.#tell(watcher, []);
      },
    });
    return channel;
  }

  #told(isAnswer: boolean, ports: Ports): void {
    const asker = isAnswer ? this.#asking.shift() : undefined;
    const changed = String(ports) !== String(this.#ports);
    const waiting = new Set(this.#asking);
    this.#ports = ports;
    for (const watcher of [...this.#watchers]) {
      if (watcher === asker || (changed && !waiting.has(watcher))) this.#tell(watcher, ports);
    }
  }

  #tell(watcher: Watcher, ports: Ports): void {
    watcher.first.resolve(ports);
    if (this.#watchers.has(watcher)) watcher.changed(ports);
  }

  #remove(watcher: Watcher): void {
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0 || this.#channel === undefined) return;
    for (const { first } of this.#asking.splice(0)) first.resolve([]);
    void this.#connection.send(Type.close, this.#channel);
    this.#channel = undefined;
  }
}

/** @throws Error where they make no sense */
function portsIn(payload: Buffer): Ports {
  const ports = Array.from({ length: payload.length / 2 }, (_, at) => payload.readUInt16LE(at * 2));
  if (ports.some((port, at) => port <= (ports[at - 1] ?? 0))) throw new Error('an agent told of ports that make no sense');
  return ports;
}
