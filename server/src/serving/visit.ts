/** A visit: everything that belongs to one connection. That is its sessions, its commands, their output, and its gate. */
import { WarmInterpreters } from '../warm/interpreters.ts';
import { RunningCommands } from '../command/commands.ts';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import { preparesSandboxes } from '../policy/policy.ts';
import { SessionManager } from '../session/manager.ts';
import { Places } from '../session/places.ts';
import type { Serve } from '../wire/service.ts';
import { OutputFlows } from './flow.ts';
import { admit } from './gate/admit.ts';
import { audit as auditStep } from './gate/audit.ts';
import { createGate, type Step } from './gate/gate.ts';
import { keepHistory } from './gate/history.ts';
import { learn } from './gate/learn.ts';
import { observe } from './gate/observe.ts';
import { quota } from './gate/quota.ts';
import { limitSizes } from './gate/sizes.ts';
import { sessionCreator } from './handlers/create-session.ts';
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

  constructor(id: string, house: HouseShare, visit: VisitParts) {
    const { catalog, events, audit, clock, log } = house.parts;
    const { client, policy, initialize } = visit;
    const pool = preparesSandboxes(policy) ? house.pool : undefined;
    const warm = new WarmInterpreters({ enabled: pool !== undefined, clock, log: log.child('warm') });
    const places = new Places(policy.sessions.max, house.places);
    const sessions = new SessionManager<WarmInterpreter>({ visit: id, pool, places, turns: house.turns, events, clock, log: log.child('session'), packages: () => house.shelf() });
    const flows = new OutputFlows(client);
    const progress = new ProgressTokens(client);
    const commands = new RunningCommands();
    const { scanner } = house;
    const scan = scanner && scanning({ policy: policy.scan, client, clock, log: log.child('scan'), scanner: () => scanner() });
    const { ledger, runs, turns, history } = house;
    const allowances = new Allowances(policy.quotas, ledger);
    const parts = { ...house.parts, ...visit, visit: id, ledger, runs, turns, allowances, warm, sessions, flows, progress, commands, ports: new PortBook(), scan };
    const executions = executionHandlers(parts);
    const packages = packagesHandler({ ...parts, context: executions.context, installer: () => house.installer() });
    const handlers: Handlers = {
      ...runtimeHandlers(parts),
      ...sessionHandlers({ ...parts, createSession: sessionCreator({ ...parts, provision: packages.provision }), advisoriesOf: packages.advisoriesOf }),
      ...fileHandlers(client),
      ...portHandlers(parts),
      ...executions.handlers,
      ...packages.handlers,
      ...observationHandlers(parts),
      ...usageHandlers(parts),
      ...historyHandlers({ history, serve: (call) => this.serve(call) }),
    };
    const steps: Step[] = [observe({ visit: id, client, events, clock, log: log.child('gate') })];
    if (audit) steps.push(auditStep({ audit, visit: id, clock }));
    const find = (sessionId: string) => sessions.find(sessionId);
    const programs = new WeakMap<object, Buffer>();
    steps.push(limitSizes(policy.sizes), admit({ rates: policy.rates, clock }));
    if (history) steps.push(keepHistory({ history, client: initialize.clientInfo, clock, find, programs }));
    steps.push(quota(allowances), learn({ runs, clock, find, programs }));
    this.serve = createGate(steps, createServe(handlers, parts));
    this.#leave = audit && recordVisit(audit, id, initialize, client);
    this.#saved = () => Promise.all([ledger.save(), runs.save(), history?.save()]);
    this.#warm = warm;
    this.#flows = flows;
    this.#sessions = sessions;
    const stops = [tellStates(id, client, events), history ? tellHistory(history, client) : () => undefined];
    this.#stopTelling = () => stops.forEach((stop) => stop());
    const named = { ...policy.scan.rules, ...policy.scan.raised };
    if (Object.keys(named).length > 0) void import('./unknown-rules.ts').then((loaded) => loaded.warnOfUnknownRules(policy.scan, client, log.child('scan')));
    if (pool) void catalog.whenLookedAtAll().then(async () => fillPool(pool, policy, catalog.choosable.map(({ runtime }) => runtime), await house.shelf()));
  }

  /** Removes every sandbox of this connection. */
  async close(): Promise<void> {
    this.#warm.close();
    this.#flows.closeAll();
    try {
      await this.#sessions.close();
    } finally {
      this.#stopTelling();
      this.#leave?.();
      await this.#saved();
    }
  }
}
