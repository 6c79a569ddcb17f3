/** What gVisor needs beside what every container is given: it keeps the limits of processes in a way of its own. */
import type { Limits } from '../../../protocol/index.ts';

/** The engine counts the threads that gVisor has on the host, and it dies where it may have too few. */
const OWN_THREADS = 512;
const THREADS_PER_PROCESS = 4;

/** For the host's sake: more than this ends the sandbox. */
export function hostThreads({ pids }: Limits): number {
  return OWN_THREADS + THREADS_PER_PROCESS * pids;
}

/** Processes are counted by user, inside. */
export function processUlimit({ pids }: Limits): { Name: string; Soft: number; Hard: number } {
  return { Name: 'nproc', Soft: pids, Hard: pids };
}
