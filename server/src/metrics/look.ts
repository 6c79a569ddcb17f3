/** Reads what no event tells, at the moment when the metrics are asked for. */
import type { Counter } from 'prom-client';
import { protocolVersion, type HealthResult, type RuntimeInfo } from '../protocol/index.ts';
import type { Instruments } from './instruments.ts';

/** What can be seen of a daemon at any time. */
export interface Sights {
  readonly version: string;
  runtimes(): readonly RuntimeInfo[];
  /** How many prepared sandboxes wait, by the ids of the runtimes. */
  pool(): ReadonlyMap<string, number>;
  /** How many sessions wait for a client that was lost. */
  waiting(): number;
  /** What programs have used since the daemon began. */
  used(): { readonly cpuSeconds: number; readonly gibSeconds: number; readonly outputBytes: number; readonly networkBytes: number };
  checks(): Promise<HealthResult['checks']>;
  loop(): LoopDelay;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly process: ProcessFacts;
}

/** In milliseconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What the process of the daemon itself uses. */
export interface ProcessFacts {
  /** In seconds since it started. */
  uptime(): number;
  /** In microseconds, as Node counts it. */
  cpuUsage(): { readonly user: number; readonly system: number };
  memoryUsage(): { readonly rss: number; readonly heapUsed: number };
}

export async function look({ version, runtimes, pool, waiting, used, checks, loop, now, process }: Sights, to: Instruments): Promise<void> {
  to.buildInfo.set({ version, protocol: protocolVersion }, 1);
  for (const { id, available } of runtimes()) to.runtimes.set({ runtime: id }, available ? 1 : 0);
  to.pool.reset();
  for (const [runtime, waiting] of pool()) to.pool.set({ runtime }, waiting);
  to.sessionsWaiting.set(waiting());
  to.health.reset();
  for (const { name, status } of await checks()) to.health.set({ check: name }, status === 'degraded' ? 0 : 1);
  const { cpuSeconds, gibSeconds, outputBytes, networkBytes } = used();
  show(to.cpuSeconds, cpuSeconds);
  show(to.memoryGibSeconds, gibSeconds);
  show(to.outputBytes, outputBytes);
  show(to.networkBytes, networkBytes);
  const { p50, p99, max } = loop();
  for (const [quantile, ms] of [['0.5', p50], ['0.99', p99], ['1', max]] as const) to.loopDelay.set({ quantile }, ms / 1000);
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  show(to.processCpu, (user + system) / 1e6);
  to.processMemory.set(rss);
  to.processHeap.set(heapUsed);
  to.processStart.set(now() / 1000 - process.uptime());
}

/** A counter whose value somebody else keeps. */
function show(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
