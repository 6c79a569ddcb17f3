/** A visit: everything that belongs to one connection. That is its sessions, its commands, their output, and its gate. */
import { live } from '../base/live.ts';
import type { Log } from '../base/log.ts';
import { closeAll } from '../base/promises.ts';
import type { SessionIdentity } from '../events/events.ts';
import { ReadyAdapters } from '../debug/ready-adapters.ts';
import { WarmInterpreters } from '../warm/interpreters.ts';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import { lower, type Policy, preparesSandboxes, shorter } from '../policy/policy.ts';
import { SessionManager } from '../session/manager.ts';
import { Places } from '../session/places.ts';
import type { Session } from '../session/session.ts';
import type { Call, Client, Ending, Serve } from '../wire/service.ts';
import { admit } from './gate/admit.ts';
import { audit as auditStep } from './gate/audit.ts';
import { drain } from './gate/drain.ts';
import { createGate, type Step } from './gate/gate.ts';
import { keepHistory } from './gate/history.ts';
import { learn } from './gate/learn.ts';
import { observe } from './gate/observe.ts';
import { quota } from './gate/quota.ts';
import { span } from './gate/span.ts';
import { limitSizes } from './gate/sizes.ts';
import { sessionCreator } from './handlers/create-session.ts';
import { debugHandlers } from './handlers/debug.ts';
import { executionHandlers } from './handlers/executions.ts';
import { packagesHandler } from './handlers/packages.ts';
import { fileHandlers } from './handlers/files.ts';
import type { Handlers } from './handlers/handler.ts';
import { historyHandlers } from './handlers/history.ts';
import { observationHandlers } from './handlers/observation.ts';
import { PortBook, portHandlers } from './handlers/ports.ts';
import { runtimeHandlers } from './handlers/runtimes.ts';
import { createServe } from './handlers/serve.ts';
import { sessionHandlers } from './handlers/sessions.ts';
import { usageHandlers } from './handlers/usage.ts';
import { resumeHandlers } from './handlers/resume.ts';
import { recordVisit } from './listeners/audited.ts';
import { tellHistory } from './listeners/history-changed.ts';
import { tellStates } from './listeners/state-changed.ts';
import { Desk } from './line/desk.ts';
import type { Line } from './line/line.ts';
import type { Lines } from './line/lines.ts';
import type { HouseShare, VisitParts } from './parts.ts';
import { scanning } from './scanning.ts';
import { Allowances } from '../usage/allowances.ts';
import { fillPool } from '../warm/wanted.ts';

export class Visit {
  readonly serve: Serve;
  /** Has nothing more started in advance. */
  readonly #settle: () => void;
  readonly #desk: Desk<Line>;
  readonly #lines: Lines;
  readonly #sessions: SessionManager<WarmInterpreter>;
  /** Resolves when everything is written that was counted. */
  readonly #saved: () => Promise<unknown>;
  readonly #stopTelling: () => void;
  readonly #leave: (() => void) | undefined;
  readonly #ended: () => void;
  readonly #left: () => void;
  readonly #client: Client;
  readonly #policy: Policy;
  readonly #places: Places;
  readonly #renew: VisitParts['renew'];
  readonly #log: Log;

  /** `left` is called when it is closed, and with it the last of its sessions, which another connection may have. */
  constructor(id: string, house: HouseShare, { left, ...visit }: VisitParts & { left(): void }) {
    const { catalog, events, audit, tracer, clock, log } = house.parts;
    const { client, policy, initialize } = visit;
    const pool = preparesSandboxes(policy) ? house.pool : undefined;
    const warm = new WarmInterpreters({ enabled: pool !== undefined, clock, log: log.child('warm') });
    const { debuggers } = house.parts;
    const ready = new ReadyAdapters({ enabled: pool !== undefined, clock, log: log.child('debug'), host: async (language) => (await debuggers?.())?.host(language) });
    const places = new Places(policy.sessions.max, house.places);
    const openSessions = () => (policy.quotas.sessions < Infinity ? house.openSessions() : undefined);
    const enter = async () => (await openSessions())?.enter(policy.quotas.sessions);
    const sessions = new SessionManager<WarmInterpreter>({ visit: id, pool, places, enter, turns: house.turns, events, clock, log: log.child('session', { visit: id }), packages: () => house.shelf() });
    const { lines } = house;
    const desk = new Desk<Line>(client);
    // Some of what is done for a session ends after it: it still has its line then.
    const linesHere = new WeakMap<Session, Line>();
    const lineOf = (session: Session) => {
      const line = linesHere.get(session);
      if (!line) throw new Error('invariant: a session that was made here has a line');
      return line;
    };
    const { scanner } = house;
    const scan = scanner && scanning({ policy: live(() => policy.scan), clientOf: (session) => lineOf(session).client, clock, log: log.child('scan'), scanner: () => scanner() });
    const { ledger, runs, health, metrics, turns, history } = house;
    const allowances = new Allowances(live(() => policy.quotas), ledger);
    const parts = { ...house.parts, ...visit, visit: id, ledger, runs, health, metrics, turns, allowances, openSessions, warm, ready, sessions, desk, lines, lineOf, ports: new PortBook(), scan };
    const executions = executionHandlers(parts);
    const packages = packagesHandler({ ...parts, context: executions.context, installer: () => house.installer() });
    const folders = new WeakMap<Session, string>();
    // What is asked of a session is answered at its home, wherever its client is.
    const begin = (line: Line, session: Session) => {
      line.begin(session, { handlers, report: own.report });
      linesHere.set(session, line);
      lines.add(line);
    };
    const own = sessionHandlers({ ...parts, createSession: sessionCreator({ ...parts, begin, log: log.child('line', { visit: id }), provision: packages.provision, folders }), advisoriesOf: packages.advisoriesOf });
    const handlers: Handlers = {
      ...runtimeHandlers(parts),
      ...own.handlers,
      ...resumeHandlers(parts),
      ...fileHandlers((session) => lineOf(session).client.data),
      ...portHandlers(parts),
      ...executions.handlers,
      ...packages.handlers,
      ...debugHandlers({ ...parts, context: executions.context, folder: (session) => folders.get(session) }),
      ...observationHandlers(parts),
      ...usageHandlers({ ...parts, sessionOf: (sessionId) => this.#subject(sessionId).session }),
      ...historyHandlers({ history, serve: (call) => this.serve(call) }),
    };
    const find = (sessionId: string) => desk.line(sessionId)?.session;
    const steps: Step[] = [observe({ visit: id, client, events, clock, log: log.child('gate', { visit: id }), find })];
    const spans = tracer && span({ visit: id, tracer, events, clock });
    if (spans) steps.push(spans.step);
    steps.push(drain(house.draining));
    if (audit) steps.push(auditStep({ audit, visit: id, clock }));
    const programs = new WeakMap<object, Buffer>();
    steps.push(limitSizes(live(() => policy.sizes)), admit({ rates: live(() => policy.rates), clock }));
    if (history) steps.push(keepHistory({ history, client: initialize.clientInfo, clock, find, programs, asked: house.asked }));
    steps.push(quota(allowances), learn({ runs, clock, find, programs }));
    const gate = createGate(steps, createServe(handlers, { session: (sessionId) => this.#subject(sessionId), commands: desk.commands }));
    this.serve = (call) => {
      const [line, commandId] = keptOf(call, desk);
      return line && commandId !== undefined ? line.keep(call, commandId, gate) : gate(call);
    };
    events.emit({ kind: 'visitBegan', visit: id });
    this.#ended = () => events.emit({ kind: 'visitEnded', visit: id });
    this.#leave = audit && recordVisit(audit, id, initialize, client);
    this.#saved = () => Promise.all([ledger.save(), runs.save(), history?.save()]);
    // What goes on for sessions that stay is still traced.
    this.#left = () => {
      spans?.stop();
      left();
    };
    this.#client = client;
    this.#policy = policy;
    this.#places = places;
    this.#renew = visit.renew;
    this.#settle = () => {
      warm.close();
      ready.close();
    };
    this.#desk = desk;
    this.#lines = lines;
    this.#sessions = sessions;
    const isOwn = ({ sessionId, visit }: SessionIdentity) => {
      const line = lines.get(sessionId);
      return line ? line.desk === desk : visit === id;
    };
    const stops = [tellStates(isOwn, client, events), history ? tellHistory(history, client) : () => undefined];
    this.#stopTelling = () => stops.forEach((stop) => stop());
    this.#log = log.child('visit', { visit: id });
    this.#warnOfRules();
    if (pool) void catalog.whenLookedAtAll().then(async () => fillPool(pool, policy, catalog.choosable.map(({ runtime }) => runtime), await house.shelf()));
  }

  /** Tells the client, if programs of its run, that they have so much time left. */
  warn(deadlineMs: number): void {
    if (deadlineMs > 0 && this.#desk.commands.count > 0) void this.#client.showMessage(2, `CodeBeaker is shutting down: what runs has ${Math.ceil(deadlineMs / 1000)} s to end by itself`);
  }

  /** The policy of the house was replaced. What sessions can't be held to is told in the log. */
  async renew(): Promise<void> {
    await this.#renew();
    this.#places.resize(this.#policy.sessions.max);
    this.#warnOfRules();
    const open = this.#sessions.list();
    await this.#narrow(open);
    // Those that were being created were checked by the policy before.
    this.#sessions.settled().then(() => this.#narrow(this.#sessions.list().filter((session) => !open.includes(session)))).catch((fault: unknown) => this.#log.error('sessions could not be held to the new configuration', fault));
  }

  /** Tells of rules of scanning that there are not. */
  #warnOfRules(): void {
    const { scan } = this.#policy;
    if (Object.keys({ ...scan.rules, ...scan.raised }).length === 0) return;
    import('./unknown-rules.ts').then((loaded) => loaded.warnOfUnknownRules(scan, this.#client, this.#log))
      .catch((fault: unknown) => this.#log.error('it is not known which rules of scanning there are', fault));
  }

  async #narrow(sessions: readonly Session[]): Promise<void> {
    const { maxLimits, sessions: { idleTimeoutMs, maxLifetimeMs } } = this.#policy;
    await Promise.all(sessions.map(async (session) => {
      const view = session.view();
      const times = { idleTimeoutMs: shorter(idleTimeoutMs, view.idleTimeoutMs), maxLifetimeMs: shorter(maxLifetimeMs, view.maxLifetimeMs) };
      const names = await session.narrow(lower(session.limits, maxLimits), times);
      if (names.length > 0) this.#log.warn(`session ${session.id} keeps its ${names.join(', ')}, because its sandbox can't be held to less while it is there; close it, or wait until it ends`);
    }));
  }

  /** The session, if it is this connection's now, with the handlers of its home. @throws ProtocolError SessionNotFound, SessionClosed */
  #subject(sessionId: string) {
    const line = this.#desk.line(sessionId);
    if (line) return { session: line.session, handlers: line.home.handlers };
    throw this.#desk.gone.fault(sessionId);
  }

  /** Removes every sandbox of this connection; where its client was lost, but for those that wait for it. Those that another has attached go on. */
  async close(how: Ending): Promise<void> {
    const waits = (line: Line) => how === 'lost' && this.#lines.keep && line.session.reason === undefined && (line.graceMs ?? 0) > 0;
    for (const line of this.#desk.lines) {
      if (waits(line)) line.detach(Math.min(line.graceMs ?? 0, this.#policy.sessions.maxGraceMs), 'lost');
      else line.drop();
    }
    this.#desk.flows.closeAll();
    const stays = ({ id }: Session) => {
      const line = this.#lines.get(id);
      return line !== undefined && line.desk !== this.#desk;
    };
    const staying = this.#sessions.list().filter(stays);
    if (staying.length === 0) this.#settle();
    const others = this.#desk.lines.map(({ session }) => session.close('shutdown'));
    try {
      await closeAll([...others, this.#sessions.close(stays)], 'not every session could be closed');
    } finally {
      this.#stopTelling();
      this.#ended();
      this.#leave?.();
      void Promise.all(staying.map(({ closed }) => closed)).then(() => {
        this.#settle();
        this.#left();
      });
      await this.#saved();
    }
  }
}

/** The line and the id of a command that goes on without its client. */
function keptOf({ method: { effect, subject }, params }: Call, desk: Desk<Line>): [line: Line | undefined, commandId: string | undefined] {
  if (effect !== 'runs' || subject !== 'session') return [undefined, undefined];
  const { sessionId = '', commandId } = params as { sessionId?: string; commandId?: string };
  const line = desk.line(sessionId);
  return [line?.graceMs === undefined ? undefined : line, commandId];
}
