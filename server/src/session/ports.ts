/** The ports of a session: those on which its programs listen, and those that lead out of its sandbox. */
import { deferred } from '../base/promises.ts';
import { invalidParam, type Port, ProtocolError } from '../protocol/index.ts';
import { cannot } from '../runtime/ports.ts';
import { Forward } from './forward.ts';
import { sessionClosed } from './closed.ts';
import type { Session } from './session.ts';

/** So many ports of a session may lead out of its sandbox. */
const MAX_FORWARDS = 32;
/** From here on Linux chooses ports for programs that name none. */
const FIRST_CHOSEN = 32_768;

/** All of it ends when the session closes. */
export class SessionPorts {
  readonly #session: Session;
  readonly #forwards = new Map<number, Promise<Forward>>();
  readonly #ended = new AbortController();
  /** How many debuggers run. */
  #debuggers = 0;
  /** Where programs listened when no debugger ran: these are no debugger's. */
  #known: ReadonlySet<number> = new Set();
  /** Those to be told when it is other ports that are told. */
  readonly #watching = new Set<(all: readonly number[]) => void>();

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

  /** A debugger runs until the returned function is called. The parts of one may listen on ports for each other, which nobody has named. */
  debugging(): () => void {
    this.#debuggers += 1;
    return () => {
      this.#debuggers -= 1;
      if (this.#debuggers === 0 && this.#watching.size > 0) void this.#listening().then((all) => this.#watching.forEach((look) => look(all)));
    };
  }

  /** The ports without those that may be a debugger's. */
  #shown(all: readonly number[]): readonly number[] {
    if (this.#debuggers > 0) return all.filter((port) => port < FIRST_CHOSEN || this.#known.has(port));
    this.#known = new Set(all);
    return all;
  }

  /** Calls `changed` with the ports on which programs listen, when these have changed. At first there are none. Those that may be a debugger's are left out. */
  watch(changed: (ports: readonly number[]) => void): void {
    let told = '';
    const look = (all: readonly number[]) => {
      const ports = this.#shown(all);
      if (String(ports) === told) return;
      told = String(ports);
      changed(ports);
    };
    this.#watching.add(look);
    this.#session.sandbox.watchPorts(this.#ended.signal, look);
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
    const [all, forwards] = await Promise.all([this.#listening(), Promise.all([...this.#forwards.values()].map((forward) => forward.catch(() => undefined)))]);
    const hostPorts = new Map(forwards.flatMap((forward) => (forward ? [[forward.port, forward.hostPort] as const] : [])));
    const listening = this.#shown(all);
    const ports = [...new Set([...listening, ...hostPorts.keys()])].sort((one, other) => one - other);
    return ports.map((port) => {
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
