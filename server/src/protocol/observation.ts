/** The shapes in which the daemon describes itself: its health and its protocol. */
import * as z from 'zod/mini';
import { later } from './later.ts';
import { count } from './values.ts';
import type { ShapeNotes } from './note.ts';

export const HealthResult = later(() => z.object({
  status: z.enum(['ok', 'degraded']),
  checks: z.array(
    z.object({ name: z.string(), status: z.enum(['ok', 'degraded', 'off']), detail: z.optional(z.string()) }),
  ),
  uptimeMs: count(),
}));
export type HealthResult = z.infer<typeof HealthResult>;

export const MetricsParams = later(() => z.object({ format: z.optional(z.enum(['json', 'prometheus'])) }));

export const MetricFamily = later(() => z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  values: z.array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() })),
}));
export type MetricFamily = z.infer<typeof MetricFamily>;

export const MetricsResult = later(() => z.object({
  format: z.enum(['json', 'prometheus']),
  body: z.union([z.string(), z.array(MetricFamily)]),
}));

export const DiscoverResult = later(() => z.looseObject({ openrpc: z.string() }));

/** What the fields mean (see notes.ts). */
export const observationNotes = (): ShapeNotes => ({
  HealthResult: {
    status: '`degraded` when no runtime is available, when one is missing that is configured or was used, or when any other check is `degraded`.',
    checks: 'One check for each runtime (`runtime.<id>`), one for each folder of the daemon’s own (`folder.state`, `folder.packages`, `folder.daemon`), and `pool`, `eventLoop`, `draining` and `sessions`. The status of a runtime that is not available and not missed is `off`; one whose programs have an open hole is `degraded`, which alone does not make the whole `degraded`. `detail` says what is wrong and what to do. A check is `ok` again as soon as its reason is gone.',
    uptimeMs: 'Milliseconds since the daemon started.',
  },
  MetricsParams: { format: 'Default: `json`.' },
  MetricsResult: { body: 'With `prometheus`: a text in the format that Prometheus reads. With `json`: the same as values.' },
  MetricFamily: {
    '': 'One metric. docs/operations.md explains each.',
    values: 'One for each combination of labels; for a histogram, one for each bucket, whose `name` ends with `_bucket`, and the `_sum` and `_count`.',
  },
  DiscoverResult: { '': 'An OpenRPC 1.3 document.', openrpc: 'The version of OpenRPC.' },
});
