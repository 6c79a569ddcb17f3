/** The ports of a session: those on which its programs listen, and those that lead out of its sandbox. */
import { deferred } from '../base/promises.ts';
import { invalidParam, type Port, ProtocolError } from '../protocol/index.ts';
import { cannot } from '../runtime/ports.ts';
import { Forward } from './forward.ts';
import { sessionClosed } from './closed.ts';
import type { Session } from './session.ts';

/** So many ports of a session may lead out of its sandbox. */
const MAX_FORWARDS = 32;

/** All of it ends when the session closes. */
export class SessionPorts {
  readonly #session: Session;
  readonly #forwards = new Map<number, Promise<Forward>>();
  readonly #ended = new AbortController();

  constructor(session: Session) {
    this.#session = session;
    const closed = deferred();
    session.track({
      done: closed.promise,
      end: () => {
        this.#ended.abort();
        void Promise.allSettled([...this.#forwards.keys()].map((port) => this.#close(port))).then(() => closed.resolve());
      },
    });
  }

  /** Calls `changed` with the ports on which programs listen, when these have changed. At first there are none. */
  watch(changed: (ports: readonly number[]) => void): void {
    let told = '';
    this.#session.sandbox.watchPorts(this.#ended.signal, (ports) => {
      if (String(ports) === told) return;
      told = String(ports);
      changed(ports);
    });
  }

  /**
   * A port that leads out already goes on as it is.
   * @throws ProtocolError InvalidParams where the port of this machine can't be had, or where another leads there; QuotaExceeded, SandboxFailed, SessionClosed
   */
  async forward(port: number, hostPort = 0): Promise<Forward> {
    if (!this.#session.sandbox.can.connections) return cannot('be connected to: use another runtime');
    const known = this.#forwards.get(port);
    if (!known) return this.#open(port, hostPort);
    const forward = await known;
    if (hostPort === 0 || hostPort === forward.hostPort) return forward;
    throw invalidParam('hostPort', `port ${forward.hostPort} of this machine leads to port ${port} already: close it first, with ports/close`);
  }

  async list(): Promise<Port[]> {
    const [listening, forwards] = await Promise.all([this.#listening(), Promise.all([...this.#forwards.values()].map((forward) => forward.catch(() => undefined)))]);
    const hostPorts = new Map(forwards.flatMap((forward) => (forward ? [[forward.port, forward.hostPort] as const] : [])));
    const all = [...new Set([...listening, ...hostPorts.keys()])].sort((one, other) => one - other);
    return all.map((port) => {
      const hostPort = hostPorts.get(port);
      return { port, listening: listening.includes(port), ...(hostPort === undefined ? {} : { hostPort }) };
    });
  }

  /** @throws ProtocolError InvalidParams where it does not lead out */
  async close(port: number): Promise<void> {
    if (!(await this.#close(port))) throw invalidParam('port', `port ${port} of the session is not forwarded`);
  }

  async #open(port: number, hostPort: number): Promise<Forward> {
    const used = this.#forwards.size;
    if (used >= MAX_FORWARDS) throw new ProtocolError('QuotaExceeded', `${used} ports of this session are forwarded, and no more can be: close one of them`, { quota: 'forwards', limit: MAX_FORWARDS, used });
    const opening = Forward.open(this.#session.sandbox, port, hostPort);
    this.#forwards.set(port, opening);
    try {
      const forward = await opening;
      if (this.#ended.signal.aborted) throw sessionClosed(this.#session.id, this.#session.reason ?? 'client');
      return forward;
    } catch (fault) {
      void this.#close(port);
      throw fault;
    }
  }

  /** Returns whether it led out. */
  async #close(port: number): Promise<boolean> {
    const opening = this.#forwards.get(port);
    this.#forwards.delete(port);
    const forward = await opening?.catch(() => undefined);
    await forward?.close();
    return forward !== undefined;
  }

  async #listening(): Promise<readonly number[]> {
    const looked = new AbortController();
    const first = deferred<readonly number[]>();
    this.#session.sandbox.watchPorts(AbortSignal.any([looked.signal, this.#ended.signal]), first.resolve);
    if (this.#ended.signal.aborted) first.resolve([]);
    this.#ended.signal.addEventListener('abort', () => first.resolve([]), { signal: looked.signal });
    try {
      return await first.promise;
    } finally {
      looked.abort();
    }
  }
}
