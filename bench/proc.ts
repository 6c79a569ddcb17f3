/** What the kernel says about the process of a daemon. */
import { readdirSync, readFileSync } from 'node:fs';
import { containers, residentBytes } from '../test/e2e/environment.ts';
import { pause } from './measure.ts';

export const MiB = 1024 * 1024;

/** How often its threads have woken up so far. Each time a thread begins to wait is counted as a voluntary context switch. */
export function wakeUps(pid: number): number {
  const of = (thread: string) => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))?.[1]);
  return readdirSync(`/proc/${pid}/task`).map(of).reduce((sum, count) => sum + count, 0);
}

/** How many milliseconds its first thread has run, and how many it was ready to run but got no core. */
export function cores(pid: number): { readonly ran: number; readonly waited: number } {
  const [ran = NaN, waited = NaN] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map((ns) => Number(ns) / 1e6);
  return { ran, waited };
}

export function handles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function children(pid: number): number {
  const of = (thread: string) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).length;
  return readdirSync(`/proc/${pid}/task`).map(of).reduce((sum, count) => sum + count, 0);
}

/** The number of containers and processes that a daemon has made. */
export function sandboxes(pid: number): number {
  return containers(pid).length + children(pid);
}

const LOOK_EVERY_MS = 100;
const QUIET_MS = 600;
const DEADLINE_MS = 60_000;

/**
 * Waits until the number of sandboxes has not changed for a while and is not below `atLeast`: then the sandboxes that are
 * prepared in advance are ready, and those that were closed are gone.
 */
export async function settled(pid: number, atLeast = 0): Promise<void> {
  let last = -1;
  for (let quiet = 0, waited = 0; quiet < QUIET_MS; quiet += LOOK_EVERY_MS, waited += LOOK_EVERY_MS) {
    if (waited > DEADLINE_MS) throw new Error(`the daemon did not come to rest: it has ${last} containers and processes, and should have at least ${atLeast}`);
    const now = sandboxes(pid);
    if (now !== last || now < atLeast) quiet = 0;
    last = now;
    await pause(LOOK_EVERY_MS);
  }
}

/** By how many bytes the resident memory of a process rose at most while the work was done. */
export async function growth(pid: number, work: () => Promise<void>): Promise<number> {
  const before = residentBytes(pid);
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentBytes(pid))), 20);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return Math.max(most, residentBytes(pid)) - before;
}
