/** A daemon as the kernel sees it. */
import { readdirSync, readFileSync } from 'node:fs';
import { containers, residentBytes } from '../test/e2e/environment.ts';
import { pause } from './measure.ts';

export const MiB = 1024 * 1024;

/** How often its threads woke up by themselves so far: each wait that ended is a voluntary switch. */
export function wakeUps(pid: number): number {
  const of = (thread: string) => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'))?.[1]);
  return readdirSync(`/proc/${pid}/task`).map(of).reduce((sum, count) => sum + count, 0);
}

/** How long its first thread has run, and how long it could have run and got no core, in milliseconds. */
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

/** Containers and processes that a daemon has made. */
export function sandboxes(pid: number): number {
  return containers(pid).length + children(pid);
}

const LOOK_EVERY_MS = 100;
const QUIET_MS = 600;
const DEADLINE_MS = 60_000;

/** Waits until nothing has come or gone for a while, and there are so many at least: what is made ahead is there, what was closed is gone. */
export async function settled(pid: number, atLeast = 0): Promise<void> {
  let last = -1;
  for (let quiet = 0, waited = 0; quiet < QUIET_MS; quiet += LOOK_EVERY_MS, waited += LOOK_EVERY_MS) {
    if (waited > DEADLINE_MS) throw new Error(`the daemon did not come to rest: ${last} sandboxes, ${atLeast} wanted`);
    const now = sandboxes(pid);
    if (now !== last || now < atLeast) quiet = 0;
    last = now;
    await pause(LOOK_EVERY_MS);
  }
}

/** The most memory a process has had while something went on, in bytes above what it had before. */
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
