/** What the daemon remembers from one run to the next. All of it can be found out again: a file that is wrong is no loss. */
import * as z from 'zod/mini';
import { RuntimeInfo } from '../protocol/index.ts';
import { MAX_SAMPLES } from '../runtime/choice/measurements.ts';
import { HostIdentity } from './identity.ts';

const samples = () => z.array(z.number().check(z.nonnegative())).check(z.maxLength(MAX_SAMPLES));
/** The latest moment that a date can say. */
const time = () => z.number().check(z.nonnegative(), z.maximum(8.64e15));

export const Contents = z.object({
  format: z.literal(1),
  host: HostIdentity,
  /** By runtime. */
  measurements: z.record(
    z.string(),
    z.object({ version: z.string(), measuredAt: time(), coldMs: samples(), warmMs: samples(), memoryBytes: samples() }),
  ),
  /** By what the search depends on: the runtimes as they were found last, by their ids. */
  found: z.record(z.string(), z.record(z.string(), RuntimeInfo)),
  /** By what was tried out, to the byte: programs that held what they promise. Nothing is said here of those that did not. */
  verdicts: z.record(
    z.string(),
    z.object({ version: z.string(), coldMs: z.number(), warmMs: z.number(), memoryBytes: z.number(), at: time() }),
  ),
});
export type Contents = z.infer<typeof Contents>;

export type Section = 'measurements' | 'found' | 'verdicts';

/** So many entries of each are kept, the latest ones. */
export const MAX_ENTRIES: Readonly<Record<Section, number>> = { measurements: 32, found: 8, verdicts: 16 };
