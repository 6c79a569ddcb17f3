/** The handlers of the methods by which the daemon describes itself. */
import type { Metrics } from '../../metrics/metrics.ts';
import type { Handlers } from './handler.ts';
import type { Health } from '../health/health.ts';
import type { Desk } from '../line/desk.ts';
import type { Line } from '../line/line.ts';

export interface ObservationParts {
  readonly desk: Pick<Desk<Line>, 'lines'>;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly version: string;
}

export const observationHandlers = ({ desk, health, metrics, version }: ObservationParts) => ({
  'server/health': () => health.look(desk.lines.length),
  'server/metrics': async ({ format = 'json' }) => ({ format, body: format === 'json' ? await metrics.families() : await metrics.text() }),
  'rpc.discover': async () => (await import('../../protocol/openrpc.ts')).openrpc(version),
}) satisfies Partial<Handlers>;
