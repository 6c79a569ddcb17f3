/** What runtimes were measured to take on this host: a few recent samples of each quantity, of which the median counts. */
import type { RuntimeInfo } from '../../protocol/index.ts';

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

export class Measurements {
  readonly #samples: Map<string, Samples>;
  readonly #medians = new Map<string, Partial<Record<Quantity, number>>>();
  readonly #changed: (runtime: string, samples: Samples) => void;

  /** `changed` is told of every new sample. */
  constructor(samples: ReadonlyMap<string, Samples> = new Map(), changed: (runtime: string, samples: Samples) => void = () => undefined) {
    this.#samples = new Map(samples);
    this.#changed = changed;
  }

  record(runtime: string, version: string, quantity: Quantity, value: number, now: number): void {
    if (!Number.isFinite(value) || value < 0 || (quantity === 'warmMs' && value > MAX_WARM_MS)) return;
    const known = this.#samples.get(runtime);
    const before = known?.version === version ? known : { coldMs: [], warmMs: [], memoryBytes: [] };
    const { coldMs, warmMs, memoryBytes } = before;
    const samples: Samples = { coldMs, warmMs, memoryBytes, version, measuredAt: now, [quantity]: [...before[quantity], Math.round(value * 10) / 10].slice(-MAX_SAMPLES) };
    this.#samples.set(runtime, samples);
    this.#medians.delete(runtime);
    this.#changed(runtime, samples);
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
