/** The limits of processes for containers under gVisor, where the engine counts something else than the sandbox's processes. */
import type { Limits } from '../../../protocol/index.ts';

/** The engine counts the threads of gVisor on the host. If gVisor may not have enough of them, it dies. */
const OWN_THREADS = 512;
const THREADS_PER_PROCESS = 4;

/** How many threads gVisor may have on the host. This limit protects the host: if it is reached, the sandbox ends. */
export function hostThreads({ pids }: Limits): number {
  return OWN_THREADS + THREADS_PER_PROCESS * pids;
}

/** The limit for the sandbox's own processes: a number for each user, which gVisor enforces inside. */
export function processUlimit({ pids }: Limits): { Name: string; Soft: number; Hard: number } {
  return { Name: 'nproc', Soft: pids, Hard: pids };
}
