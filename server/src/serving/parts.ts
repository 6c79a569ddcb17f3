/** The types of what serving clients needs: what a daemon has once, what all visits share, and what a connection brings. */
import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import type { Asked } from '../history/entry.ts';
import type { History } from '../history/history.ts';
import type { EventStream } from '../events/events.ts';
import type { ProcessFacts } from '../metrics/look.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Ways } from '../network/dial.ts';
import type { Policy } from '../policy/policy.ts';
import type { Config, InitializeParams, PackagesAhead, SecretSource } from '../protocol/index.ts';
import type { Installer } from '../packages/installer.ts';
import type { TextScanner } from '../scan/scanner.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import type { SandboxSpec } from '../runtime/ports.ts';
import type { Tracer } from '../telemetry/spans.ts';
import type { Places } from '../session/places.ts';
import type { Session } from '../session/session.ts';
import type { SandboxPool } from '../warm/pool.ts';
import type { Turns } from '../session/turns.ts';
import type { Ledger } from '../usage/ledger.ts';
import type { OpenSessions } from '../usage/open-sessions.ts';
import type { Runs } from '../usage/runs.ts';
import type { Client } from '../wire/service.ts';
import type { Drain } from './drain.ts';
import type { Lines } from './line/lines.ts';
import type { OwnFolder } from './health/folders.ts';
import type { ConfiguredRuntimes, Health } from './health/health.ts';

/** What a daemon has once, whatever clients it has. */
export interface HouseParts {
  /** The policy of the configuration file, as it holds at each moment. */
  readonly policy: Policy;
  readonly catalog: Catalog;
  readonly events: EventStream;
  /** The paths of the host that are never shared with a sandbox. */
  hidden(): Promise<readonly string[]>;
  /** The real paths of the only folders of which clients may share anything with sandboxes. Absent: what is open in a client is enough. */
  readonly shared?: readonly string[] | undefined;
  /** What installs packages, which is made when it is first asked for. Absent: sandboxes see none, and none are installed. */
  packages?(): Promise<Installer>;
  /** What scans code, which is made when it is first asked for. Absent: nothing is scanned. */
  scanner?(): Promise<TextScanner>;
  /** What is installed before anybody asks for it. Absent: nothing. */
  readonly ahead?: readonly PackagesAhead[];
  /** The ways out of this machine, for sessions with a network. */
  ways(): Promise<Ways>;
  /** Takes what is told of requests. Absent: nobody collects traces. */
  readonly tracer?: Tracer | undefined;
  /** Absent: nothing is recorded. */
  readonly audit?: Audit | undefined;
  /** The folder in which is kept what was used. Absent: it is counted in memory. */
  readonly usageFolder?: string | undefined;
  /** Where the history is kept, and the configuration that says how much of it. Absent: none is kept. */
  readonly history?: { readonly folder: string; readonly config: Pick<Config, 'history'> } | undefined;
  /** The daemon's own folders, as far as it has them. Absent: none are looked at. */
  folders?(): Promise<readonly OwnFolder[]>;
  /** The runtimes that the configuration speaks of. Absent: none. */
  readonly configured?: ConfiguredRuntimes;
  /** What the process of the daemon uses. */
  readonly process: ProcessFacts;
  /** Counts the sessions that are open in all daemons of the user, made when it is first asked for. Absent: nobody does. */
  openSessions?(): Promise<OpenSessions>;
  /** The certificates that programs of sessions with a network trust; none: those of the image. @throws ProtocolError PolicyDenied */
  certificates(wanted: Policy['certificates']): Promise<readonly string[]>;
  /** The value of a secret of the configuration. @throws ProtocolError PolicyDenied */
  secret(name: string, source: SecretSource): Promise<string>;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** When the daemon started, by the monotonic clock. */
  readonly startedAt: number;
}

/** What all connections of a daemon share. */
export interface HouseShare {
  readonly parts: HouseParts;
  /** The pool of prepared sandboxes; undefined if the configuration turns that off. */
  readonly pool: SandboxPool<WarmInterpreter> | undefined;
  readonly turns: Turns;
  /** Whether the daemon still takes on something new. */
  readonly draining: Drain;
  /** Counts what is used. */
  readonly ledger: Ledger;
  /** How earlier runs of programs went. */
  readonly runs: Runs;
  /** What ran. Absent: that is not kept. */
  readonly history: History | undefined;
  /** What was asked for each session, for the history. */
  readonly asked: WeakMap<Session, Asked>;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Bounds how many sessions may be open at once. */
  readonly places: Places;
  /** The lines of all sessions to their clients. */
  readonly lines: Lines;
  /** Counts the sessions that are open in all daemons of the user. undefined: nobody does. */
  openSessions(): Promise<OpenSessions> | undefined;
  /** What sandboxes see of the packages on this machine. Never rejects. */
  shelf(): Promise<SandboxSpec['packages']>;
  /** What installs packages. undefined: nothing does. */
  installer(): Promise<Installer> | undefined;
  /** What scans code. Absent: nothing is scanned. */
  readonly scanner: (() => Promise<TextScanner>) | undefined;
}

/** What a connection brings. */
export interface VisitParts {
  readonly client: Client;
  /** The policy of the house, narrowed by the project's files and by the client, as it holds at each moment. */
  readonly policy: Policy;
  /** Makes it anew, because that of the house was replaced. */
  renew(): Promise<void>;
  /** The params of `initialize`. */
  readonly initialize: InitializeParams;
}
