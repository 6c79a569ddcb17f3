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

export const DiscoverResult = later(() => z.looseObject({ openrpc: z.string() }));

/** What the fields mean (see notes.ts). */
export const observationNotes = (): ShapeNotes => ({
  HealthResult: {
    status: '`degraded` when no runtime is available.',
    checks: 'One check for each runtime, named `runtime.<id>`, and one for the sessions. The status of a runtime that is not available is `off`, and that of one whose programs have an open hole is `degraded`.',
    uptimeMs: 'Milliseconds since the daemon started.',
  },
  DiscoverResult: { '': 'An OpenRPC 1.3 document.', openrpc: 'The version of OpenRPC.' },
});
