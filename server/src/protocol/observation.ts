/** What the daemon tells of itself (protocol section 6). */
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
export const observationNotes: ShapeNotes = {
  HealthResult: { status: '`degraded` when any check is.', uptimeMs: 'Since the daemon started.' },
  DiscoverResult: { '': 'An OpenRPC 1.3 document.', openrpc: 'Its version.' },
};
