/** The sessions of one connection: it creates and finds them, and closes them together. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { abortable, closeAll } from '../base/promises.ts';
import type { EventStream } from '../events/events.ts';
import {
  type LanguageId,
  type Limits,
  ProtocolError,
} from '../protocol/index.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { CreateContext, Runtime, Sandbox, SandboxSpec, SharedFolder } from '../runtime/ports.ts';
import type { PoolSpec, SandboxPool, WarmSandbox } from '../warm/pool.ts';
import type { OpenNetwork } from './network.ts';
import type { Places } from './places.ts';
import { Session } from './session.ts';
import type { Turns } from './turns.ts';

export interface CreateSession {
  readonly runtime: Runtime;
  readonly language: LanguageId | undefined;
  readonly image: string | undefined;
  readonly label: string | undefined;
  readonly limits: Limits;
  /** undefined: its programs reach nothing. */
  readonly openNetwork?: OpenNetwork | undefined;
  readonly workspace: SharedFolder | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** undefined: it has none. */
  readonly secrets?: Secrets | undefined;
  readonly strict: boolean;
  /** Why this runtime, in words for people. Absent: nobody chose it. */
  readonly runtimeReason?: string;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
}

export interface SessionManagerOptions<Extra> {
  /** The id of the visit (the connection) that the sessions belong to. */
  readonly visit: string;
  /** Bounds how many sessions may be open at once. */
  readonly places: Places;
  /** Counts a session in over all daemons. What it returns counts it out. Absent: nobody asks. @throws ProtocolError QuotaExceeded */
  enter?: (() => Promise<(() => void) | undefined>) | undefined;
  /** Shared by the commands of all sessions of the daemon. */
  readonly turns: Turns;
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
  /** The pool of prepared sandboxes; undefined if there is none. Its owner closes it. */
  readonly pool?: SandboxPool<Extra> | undefined;
  /** What its sandboxes see of the packages on this machine. Never rejects. */
  packages?(): Promise<SandboxSpec['packages']>;
}

/** A new session, and what the pool had prepared in its sandbox. */
export interface Created<Extra> {
  readonly session: Session;
  readonly prepared: Extra | undefined;
}

export class SessionManager<Extra = unknown> {
  readonly #options: SessionManagerOptions<Extra>;
  readonly #sessions = new Map<string, Session>();
  readonly #creating = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(options: SessionManagerOptions<Extra>) {
    this.#options = options;
  }

  /** @throws ProtocolError TooManySessions, QuotaExceeded, IsolationUnavailable, and whatever the runtime throws */
  async create(wish: CreateSession, context: CreateContext): Promise<Created<Extra>> {
    if (this.#closing.signal.aborted) throw new ProtocolError('InvalidRequest', 'the daemon is shutting down: no session can be created');
    const places = [this.#options.places.take()];
    const creation = this.#create(wish, places, {
      ...context,
      signal: AbortSignal.any([context.signal, this.#closing.signal]),
    });
    const creating = this.#options.pool?.yielding(creation) ?? creation;
    this.#creating.add(creating);
    creating.catch(() => leave(places));
    return creating.finally(() => this.#creating.delete(creating));
  }

  /** `places` are those that the session has taken. */
  async #create(wish: CreateSession, places: (() => void)[], context: CreateContext): Promise<Created<Extra>> {
    context.signal.throwIfAborted();
    const { events, clock, log } = this.#options;
    const begin = clock.monotonic();
    const leaveAll = await this.#options.enter?.();
    if (leaveAll) places.push(leaveAll);
    const packages = await this.#options.packages?.();
    const spec: PoolSpec = { ...specOf(wish), ...(packages ? { packages } : {}) };
    const warm = await this.#takeWarm(wish, spec, context);
    const id = warm?.sessionId ?? randomBytes(8).toString('hex');
    const sandbox = warm?.sandbox ?? (await this.#make(wish.runtime, { ...spec, name: id, workspace: wish.workspace }, context));
    if (wish.strict) await requireEnforced(sandbox);
    const network = await this.#openNetwork(sandbox, id, wish, context.signal);
    const session = new Session({
      ...wish,
      id,
      warm: warm !== undefined,
      ...this.#options,
      log: log.child('sandbox', { session: id }),
      runtime: wish.runtime.id,
      sandbox,
      sibling: (packages, context) => wish.runtime.create({ ...spec, name: randomBytes(8).toString('hex'), workspace: undefined, packages }, context),
      network,
    });
    this.#sessions.set(id, session);
    events.emit({ kind: 'sessionMade', session: session.identity, view: session.view(), tookMs: clock.monotonic() - begin });
    void session.closed.then(() => {
      leave(places);
      this.#sessions.delete(session.id);
    });
    return { session, prepared: warm?.extra };
  }

  /** If that fails, or the request has been cancelled, the sandbox is removed. */
  async #openNetwork(sandbox: Sandbox, id: string, { openNetwork }: CreateSession, signal: AbortSignal) {
    try {
      signal.throwIfAborted();
      const network = await openNetwork?.(sandbox, id);
      signal.throwIfAborted();
      return network;
    } catch (fault) {
      await sandbox.close();
      throw fault;
    }
  }

  /** A folder cannot be mounted into a sandbox that exists already, and copied into it only if the sandbox can do that. */
  async #takeWarm(wish: CreateSession, spec: PoolSpec, { signal, report }: CreateContext): Promise<WarmSandbox<Extra> | undefined> {
    const { pool } = this.#options;
    const { workspace, limits, runtime } = wish;
    if (!pool || (workspace && workspace.access !== 'copy')) return undefined;
    const warm = await pool.take(runtime, spec);
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

  /**
   * Creates a sandbox. Where that fails while others wait in the pool, they may be what the host has no room beside: they
   * are removed, and it is tried once more. The time is reported only if nothing was downloaded and no folder was shared.
   */
  async #make(runtime: Runtime, spec: SandboxSpec, context: CreateContext): Promise<Sandbox> {
    const { clock, events, pool } = this.#options;
    let bare = spec.workspace === undefined;
    const report = (message: string, percentage?: number) => {
      if (percentage !== undefined) bare = false;
      context.report(message, percentage);
    };
    let begin = clock.monotonic();
    const make = () => runtime.create(spec, { signal: context.signal, report });
    const sandbox = await make().catch(async (fault: unknown) => {
      if (!isSandboxFailed(fault) || !(await pool?.giveWay())) throw fault;
      begin = clock.monotonic();
      return make();
    });
    if (bare) events.emit({ kind: 'sandboxMade', runtime: runtime.id, coldMs: clock.monotonic() - begin, memoryBytes: sandbox.memoryBytes });
    return sandbox;
  }

  /** undefined: no open session has this id. */
  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  list(): Session[] {
    return [...this.#sessions.values()];
  }

  /** Resolves when the sessions that are being created now are there, or have failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#creating);
  }

  /** Closes all sessions but those that stay, also those that are still being created. Rejects with all errors together. */
  async close(stays: (session: Session) => boolean = () => false): Promise<void> {
    this.#closing.abort(new ProtocolError('RequestCancelled', 'the daemon is shutting down'));
    const sessions = this.list().filter((session) => !stays(session)).map((session) => session.close('shutdown'));
    const creating = [...this.#creating].map((each) => each.catch(() => undefined));
    await closeAll([...sessions, ...creating], 'some sessions could not be closed');
  }
}

function leave(places: (() => void)[]): void {
  for (const each of places.splice(0)) each();
}

function isSandboxFailed(fault: unknown): boolean {
  return fault instanceof ProtocolError && fault.kind === 'SandboxFailed';
}

function specOf({ language, image, limits }: CreateSession): PoolSpec {
  return { language, image, limits };
}

/**
 * Removes the sandbox if it has a layer that is not enforced.
 * @throws ProtocolError IsolationUnavailable, with those layers
 */
async function requireEnforced(sandbox: Sandbox): Promise<void> {
  const layers = sandbox.isolation.layers.filter(({ state }) => state !== 'enforced');
  if (layers.length === 0) return;
  await sandbox.close();
  const names = layers.map(({ name, state }) => `${name} (${state})`).join(', ');
  throw new ProtocolError('IsolationUnavailable', `strict was set, but these layers are not enforced: ${names}; create the session without strict, or with another runtime`, { layers });
}
