/** A visit: everything that belongs to one connection. That is its sessions, its commands, their output, and its gate. */
import { live } from '../base/live.ts';
import type { Log } from '../base/log.ts';
import { WarmInterpreters } from '../warm/interpreters.ts';
import { RunningCommands } from '../command/commands.ts';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import { lower, type Policy, preparesSandboxes, shorter } from '../policy/policy.ts';
import { SessionManager } from '../session/manager.ts';
import { Places } from '../session/places.ts';
import type { Session } from '../session/session.ts';
import type { Client, Serve } from '../wire/service.ts';
import { OutputFlows } from './flow.ts';
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
import { recordVisit } from './listeners/audited.ts';
import { tellHistory } from './listeners/history-changed.ts';
import { tellStates } from './listeners/state-changed.ts';
import type { HouseShare, VisitParts } from './parts.ts';
import { ProgressTokens } from './progress.ts';
import { scanning } from './scanning.ts';
import { Allowances } from '../usage/allowances.ts';
import { fillPool } from '../warm/wanted.ts';

export class Visit {
  readonly serve: Serve;
  readonly #warm: WarmInterpreters;
  readonly #flows: OutputFlows;
  readonly #sessions: SessionManager<WarmInterpreter>;
  /** Resolves when everything is written that was counted. */
  readonly #saved: () => Promise<unknown>;
  readonly #stopTelling: () => void;
  readonly #leave: (() => void) | undefined;
  readonly #ended: () => void;
  readonly #left: () => void;
  readonly #client: Client;
  readonly #commands: RunningCommands;
  readonly #policy: Policy;
  readonly #places: Places;
  readonly #renew: VisitParts['renew'];
  readonly #log: Log;

  /** `left` is called when it is closed. */
  constructor(id: string, house: HouseShare, { left, ...visit }: VisitParts & { left(): void }) {
    const { catalog, events, audit, tracer, clock, log } = house.parts;
    const { client, policy, initialize } = visit;
    const pool = preparesSandboxes(policy) ? house.pool : undefined;
    const warm = new WarmInterpreters({ enabled: pool !== undefined, clock, log: log.child('warm') });
    const places = new Places(policy.sessions.max, house.places);
    const openSessions = () => (policy.quotas.sessions < Infinity ? house.openSessions() : undefined);
    const enter = async () => (await openSessions())?.enter(policy.quotas.sessions);
    const sessions = new SessionManager<WarmInterpreter>({ visit: id, pool, places, enter, turns: house.turns, events, clock, log: log.child('session', { visit: id }), packages: () => house.shelf() });
    const flows = new OutputFlows(client);
    const progress = new ProgressTokens(client);
    const commands = new RunningCommands();
    const { scanner } = house;
    const scan = scanner && scanning({ policy: live(() => policy.scan), client, clock, log: log.child('scan'), scanner: () => scanner() });
    const { ledger, runs, health, metrics, turns, history } = house;
    const allowances = new Allowances(live(() => policy.quotas), ledger);
    const parts = { ...house.parts, ...visit, visit: id, ledger, runs, health, metrics, turns, allowances, openSessions, warm, sessions, flows, progress, commands, ports: new PortBook(), scan };
    const executions = executionHandlers(parts);
    const packages = packagesHandler({ ...parts, context: executions.context, installer: () => house.installer() });
    const folders = new WeakMap<Session, string>();
    const handlers: Handlers = {
      ...runtimeHandlers(parts),
      ...sessionHandlers({ ...parts, createSession: sessionCreator({ ...parts, provision: packages.provision, folders }), advisoriesOf: packages.advisoriesOf }),
      ...fileHandlers(client),
      ...portHandlers(parts),
      ...executions.handlers,
      ...packages.handlers,
      ...debugHandlers({ ...parts, context: executions.context, folder: (session) => folders.get(session) }),
      ...observationHandlers(parts),
      ...usageHandlers(parts),
      ...historyHandlers({ history, serve: (call) => this.serve(call) }),
    };
    const find = (sessionId: string) => sessions.find(sessionId);
    const steps: Step[] = [observe({ visit: id, client, events, clock, log: log.child('gate', { visit: id }), find })];
    const spans = tracer && span({ visit: id, tracer, events, clock });
    if (spans) steps.push(spans.step);
    steps.push(drain(house.draining));
    if (audit) steps.push(auditStep({ audit, visit: id, clock }));
    const programs = new WeakMap<object, Buffer>();
    steps.push(limitSizes(live(() => policy.sizes)), admit({ rates: live(() => policy.rates), clock }));
    if (history) steps.push(keepHistory({ history, client: initialize.clientInfo, clock, find, programs }));
    steps.push(quota(allowances), learn({ runs, clock, find, programs }));
    this.serve = createGate(steps, createServe(handlers, parts));
    events.emit({ kind: 'visitBegan', visit: id });
    this.#ended = () => {
      spans?.stop();
      events.emit({ kind: 'visitEnded', visit: id });
    };
    this.#leave = audit && recordVisit(audit, id, initialize, client);
    this.#saved = () => Promise.all([ledger.save(), runs.save(), history?.save()]);
    this.#left = left;
    this.#client = client;
    this.#commands = commands;
    this.#policy = policy;
    this.#places = places;
    this.#renew = visit.renew;
    this.#warm = warm;
    this.#flows = flows;
    this.#sessions = sessions;
    const stops = [tellStates(id, client, events), history ? tellHistory(history, client) : () => undefined];
    this.#stopTelling = () => stops.forEach((stop) => stop());
    this.#log = log.child('visit', { visit: id });
    this.#warnOfRules();
    if (pool) void catalog.whenLookedAtAll().then(async () => fillPool(pool, policy, catalog.choosable.map(({ runtime }) => runtime), await house.shelf()));
  }

  /** Tells the client, if programs of its run, that they have so much time left. */
  warn(deadlineMs: number): void {
    if (deadlineMs > 0 && this.#commands.count > 0) void this.#client.showMessage(2, `CodeBeaker is shutting down: what runs has ${Math.ceil(deadlineMs / 1000)} s to end by itself`);
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

  /** Removes every sandbox of this connection. */
  async close(): Promise<void> {
    this.#warm.close();
    this.#flows.closeAll();
    try {
      await this.#sessions.close();
    } finally {
      this.#stopTelling();
      this.#ended();
      this.#leave?.();
      this.#left();
      await this.#saved();
    }
  }
}
