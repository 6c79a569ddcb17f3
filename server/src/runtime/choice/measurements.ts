/** How fast and how large the sandboxes of each runtime are on this host: the latest samples of each quantity, whose median counts. */
import * as z from 'zod/mini';
import type { RuntimeInfo } from '../../protocol/index.ts';
import type { Entries, Section } from '../../state/section.ts';

/**
 * `coldMs`: milliseconds from asking for a sandbox to having it, where nothing had to be downloaded and no folder was shared.
 * `warmMs`: milliseconds from starting the first program in a new sandbox to its first byte of output, or its end.
 * `memoryBytes`: the memory that a sandbox used when it had just been made.
 */
export const quantities = ['coldMs', 'warmMs', 'memoryBytes'] as const;
export type Quantity = (typeof quantities)[number];

/** They hold for one version of a runtime. The oldest sample comes first. `measuredAt`: when the latest was taken, in milliseconds since the epoch. */
export type Samples = { readonly version: string; readonly measuredAt: number } & Readonly<Record<Quantity, number[]>>;

/** How many samples of each quantity are kept. */
export const MAX_SAMPLES = 9;
/** If a first program prints nothing for longer than this, it was busy with its own work, and not starting. */
const MAX_WARM_MS = 2_000;

const samples = () => z.array(z.number().check(z.nonnegative())).check(z.maxLength(MAX_SAMPLES));

/** The entries are named by the ids of runtimes. */
export const measurementsSection: Section<Samples> = {
  name: 'measurements',
  entry: z.object({
    version: z.string(),
    // The maximum is the latest time that a Date can hold.
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

  /** `samples`: where they are kept, by the ids of runtimes; by default in memory only. */
  constructor(samples: Entries<Samples> = new Map<string, Samples>()) {
    this.#samples = samples;
  }

  /** Adds a sample. Samples of another version of the runtime are forgotten. `now`: milliseconds since the epoch. */
  record(runtime: string, version: string, quantity: Quantity, value: number, now: number): void {
    if (!Number.isFinite(value) || value < 0 || (quantity === 'warmMs' && value > MAX_WARM_MS)) return;
    const known = this.#samples.get(runtime);
    const before = known?.version === version ? known : { coldMs: [], warmMs: [], memoryBytes: [] };
    const { coldMs, warmMs, memoryBytes } = before;
    const samples: Samples = { coldMs, warmMs, memoryBytes, version, measuredAt: now, [quantity]: [...before[quantity], Math.round(value * 10) / 10].slice(-MAX_SAMPLES) };
    this.#samples.set(runtime, samples);
    this.#medians.delete(runtime);
  }

  /** Returns `info` with measured numbers in place of estimated ones. `startup.measured` is set only where both numbers of the start were measured. */
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
