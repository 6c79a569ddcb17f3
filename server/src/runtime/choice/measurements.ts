/** What runtimes were measured to take on this host: a few recent samples of each quantity, of which the median counts. */
import * as z from 'zod/mini';
import type { RuntimeInfo } from '../../protocol/index.ts';
import type { Entries, Section } from '../../state/section.ts';

/**
 * `coldMs`: from asking for a sandbox to having it; nothing fetched and no folder shared on the way.
 * `warmMs`: from asking a fresh sandbox for its first program to that program's first byte of output, or its end.
 * `memoryBytes`: what the sandbox used when it had just been made.
 */
export const quantities = ['coldMs', 'warmMs', 'memoryBytes'] as const;
export type Quantity = (typeof quantities)[number];

/** Of one version of a runtime: another one may be quite different. The oldest sample is the first. */
export type Samples = { readonly version: string; readonly measuredAt: number } & Readonly<Record<Quantity, number[]>>;

/** So many samples of each quantity are kept. */
export const MAX_SAMPLES = 9;
/** A first program that is silent for longer was thinking, not starting. */
const MAX_WARM_MS = 2_000;

const samples = () => z.array(z.number().check(z.nonnegative())).check(z.maxLength(MAX_SAMPLES));

/** By runtime. */
export const measurementsSection: Section<Samples> = {
  name: 'measurements',
  entry: z.object({
    version: z.string(),
    // No later than the latest moment that a date can say.
    measuredAt: z.number().check(z.nonnegative(), z.maximum(8.64e15)),
    coldMs: samples(),
    warmMs: samples(),
    memoryBytes: samples(),
  }),
  maxEntries: 32,
};

export class Measurements {
  readonly #samples: Entries<Samples>;
  readonly #medians = new Map<string, Partial<Record<Quantity, number>>>();

  /** `samples`: where they are kept, by the ids of runtimes. */
  constructor(samples: Entries<Samples> = new Map<string, Samples>()) {
    this.#samples = samples;
  }

  record(runtime: string, version: string, quantity: Quantity, value: number, now: number): void {
    if (!Number.isFinite(value) || value < 0 || (quantity === 'warmMs' && value > MAX_WARM_MS)) return;
    const known = this.#samples.get(runtime);
    const before = known?.version === version ? known : { coldMs: [], warmMs: [], memoryBytes: [] };
    const { coldMs, warmMs, memoryBytes } = before;
    const samples: Samples = { coldMs, warmMs, memoryBytes, version, measuredAt: now, [quantity]: [...before[quantity], Math.round(value * 10) / 10].slice(-MAX_SAMPLES) };
    this.#samples.set(runtime, samples);
    this.#medians.delete(runtime);
  }

  /** `info` with what was measured in the place of what was estimated. `measured` only where the whole start was. */
  apply(info: RuntimeInfo): RuntimeInfo {
    const samples = this.#samples.get(info.id);
    if (!samples || samples.version !== (info.version ?? '')) return info;
    const medians = this.#medians.get(info.id) ?? mediansOf(samples);
    this.#medians.set(info.id, medians);
    const { coldMs = info.startup.coldMs, warmMs = info.startup.warmMs, memoryBytes = info.memoryBytes } = medians;
    const measured = info.startup.measured || (medians.coldMs !== undefined && medians.warmMs !== undefined);
    return { ...info, startup: { coldMs, warmMs, measured }, memoryBytes, measuredAt: new Date(samples.measuredAt).toISOString() };
  }
}

function mediansOf(samples: Samples): Partial<Record<Quantity, number>> {
  return Object.fromEntries(quantities.flatMap((quantity) => {
    const sorted = [...samples[quantity]].sort((a, b) => a - b);
    const middle = sorted[Math.floor((sorted.length - 1) / 2)];
    return middle === undefined ? [] : [[quantity, middle]];
  }));
}
