/** All sessions of one connection: made, found, remembered for a while after their end, closed together. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { abortable, closeAll } from '../base/promises.ts';
import type { EventStream } from '../events/events.ts';
import {
  type CloseReason,
  type LanguageId,
  type Limits,
  type Network,
  ProtocolError,
} from '../protocol/index.ts';
import type { CreateContext, Runtime, Sandbox, SandboxSpec, SharedFolder } from '../runtime/ports.ts';
import type { PoolSpec, SandboxPool, Warm } from '../warm/pool.ts';
import type { Places } from './places.ts';
import { Session, sessionClosed } from './session.ts';
import type { Turns } from './turns.ts';

export interface CreateSession {
  readonly runtime: Runtime;
  readonly language: LanguageId | undefined;
  readonly image: string | undefined;
  readonly label: string | undefined;
  readonly limits: Limits;
  readonly network: Network;
  readonly workspace: SharedFolder | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly strict: boolean;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
}

export interface SessionManagerOptions<Extra> {
  /** The connection that the sessions belong to. */
  readonly visit: string;
  /** How many sessions may be open at once. */
  readonly places: Places;
  /** Of the commands of all sessions of the daemon together. */
  readonly turns: Turns;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
  /** Sandboxes that were made ahead, for whoever comes; undefined: none ever. Whoever made the pool closes it. */
  readonly pool?: SandboxPool<Extra> | undefined;
}

/** A new session, and what was prepared in its sandbox before it was one. */
export interface Created<Extra> {
  readonly session: Session;
  readonly prepared: Extra | undefined;
}

/** So many ended sessions are remembered, to tell why they ended. */
const MAX_REMEMBERED = 1000;

export class SessionManager<Extra = unknown> {
  readonly #options: SessionManagerOptions<Extra>;
  readonly #sessions = new Map<string, Session>();
  readonly #ended = new Map<string, CloseReason>();
  readonly #creating = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(options: SessionManagerOptions<Extra>) {
    this.#options = options;
  }

  /** @throws ProtocolError TooManySessions, IsolationUnavailable, and whatever the runtime throws */
  async create(wish: CreateSession, context: CreateContext): Promise<Created<Extra>> {
    if (this.#closing.signal.aborted) throw new ProtocolError('InvalidRequest', 'the daemon is shutting down');
    const leave = this.#options.places.take();
    const creation = this.#create(wish, leave, {
      ...context,
      signal: AbortSignal.any([context.signal, this.#closing.signal]),
    });
    const creating = this.#options.pool?.yielding(creation) ?? creation;
    this.#creating.add(creating);
    creating.catch(leave);
    return creating.finally(() => this.#creating.delete(creating));
  }

  async #create(wish: CreateSession, leave: () => void, context: CreateContext): Promise<Created<Extra>> {
    context.signal.throwIfAborted();
    const warm = await this.#takeWarm(wish, context);
    const id = warm?.sessionId ?? randomBytes(8).toString('hex');
    const sandbox = warm?.sandbox ?? (await this.#make(wish.runtime, { ...specOf(wish), name: id, workspace: wish.workspace }, context));
    if (wish.strict) await requireEnforced(sandbox);
    if (context.signal.aborted) {
      await sandbox.close();
      throw context.signal.reason;
    }
    const session = new Session({
      ...wish,
      id,
      warm: warm !== undefined,
      ...this.#options,
      runtime: wish.runtime.id,
      sandbox,
    });
    this.#sessions.set(id, session);
    void session.closed.then(() => {
      leave();
      this.#remember(session);
    });
    return { session, prepared: warm?.extra };
  }

  /** A sandbox that waits can be given no mount any more, and a copy of a folder only where it says so. */
  async #takeWarm(wish: CreateSession, { signal, report }: CreateContext): Promise<Warm<Extra> | undefined> {
    const { pool } = this.#options;
    const { workspace, limits, runtime } = wish;
    if (!pool || (workspace && workspace.access !== 'copy')) return undefined;
    const warm = await pool.take(runtime, specOf(wish));
    if (!warm || !workspace) return warm;
    if (!warm.sandbox.can.copyIn) {
      await warm.sandbox.close();
      return undefined;
    }
    try {
      report('copying the folder');
      await abortable(signal, warm.sandbox.copyIn(workspace.path, limits.diskBytes, signal));
      return warm;
    } catch (fault) {
      await warm.sandbox.close();
      throw fault;
    }
  }

  /** Measures it, where nothing was fetched and nothing shared on the way. */
  async #make(runtime: Runtime, spec: SandboxSpec, context: CreateContext): Promise<Sandbox> {
    const { clock, events } = this.#options;
    let bare = spec.workspace === undefined;
    const report = (message: string, percentage?: number) => {
      if (percentage !== undefined) bare = false;
      context.report(message, percentage);
    };
    const begin = clock.monotonic();
    const sandbox = await runtime.create(spec, { signal: context.signal, report });
    if (bare) events.emit({ kind: 'sandboxMade', runtime: runtime.id, coldMs: clock.monotonic() - begin, memoryBytes: sandbox.memoryBytes });
    return sandbox;
  }

  /** @throws ProtocolError SessionNotFound, SessionClosed */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session) return session;
    const reason = this.#ended.get(id);
    if (reason) throw sessionClosed(id, reason);
    throw new ProtocolError('SessionNotFound', `there is no session ${id.slice(0, 100)}; session/create makes one`, { sessionId: id.slice(0, 100) });
  }

  list(): Session[] {
    return [...this.#sessions.values()];
  }

  /** Ends everything, also what is still being made. Reports all faults together. */
  async close(): Promise<void> {
    this.#closing.abort(new ProtocolError('RequestCancelled', 'the daemon is shutting down'));
    const sessions = this.list().map((session) => session.close('shutdown'));
    const creating = [...this.#creating].map((each) => each.catch(() => undefined));
    await closeAll([...sessions, ...creating], 'some sessions could not be closed');
  }

  #remember(session: Session): void {
    this.#sessions.delete(session.id);
    this.#ended.set(session.id, session.reason ?? 'client');
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > MAX_REMEMBERED && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function specOf({ language, image, limits, network }: CreateSession): PoolSpec {
  return { language, image, limits, network };
}

/** @throws ProtocolError IsolationUnavailable, with the layers that are less than enforced. The sandbox is gone then. */
async function requireEnforced(sandbox: Sandbox): Promise<void> {
  const layers = sandbox.isolation.layers.filter(({ state }) => state !== 'enforced');
  if (layers.length === 0) return;
  await sandbox.close();
  const names = layers.map(({ name, state }) => `${name} (${state})`).join(', ');
  throw new ProtocolError('IsolationUnavailable', `strict was asked for, but not everything is enforced here: ${names}`, { layers });
}
