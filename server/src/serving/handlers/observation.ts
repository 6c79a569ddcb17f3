/** The handlers of the methods by which the daemon describes itself. */
import type { Clock } from '../../base/clock.ts';
import type { Catalog } from '../../runtime/choice/catalog.ts';
import type { SessionManager } from '../../session/manager.ts';
import type { Handlers } from './handler.ts';
import { serverHealth } from './health.ts';

export interface ObservationParts {
  readonly catalog: Catalog;
  readonly sessions: SessionManager;
  readonly clock: Clock;
  /** When the daemon started, by the monotonic clock. */
  readonly startedAt: number;
  readonly version: string;
}

export const observationHandlers = ({ catalog, sessions, clock, startedAt, version }: ObservationParts) => ({
  'server/health': () => serverHealth(catalog.infos(), sessions.list().length, clock.monotonic() - startedAt),
  'rpc.discover': async () => (await import('../../protocol/openrpc.ts')).openrpc(version),
}) satisfies Partial<Handlers>;
