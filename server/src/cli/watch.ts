/** Whether the editor is still there: a daemon does not outlive it. */
import type { Clock } from '../base/clock.ts';

const POLL_MS = 500;

/** Calls `onGone` once, when the process is found to be gone. The result ends the watch. */
export function watchProcess(pid: number, clock: Clock, alive: (pid: number) => boolean, onGone: () => void): () => void {
  let cancel = clock.after(POLL_MS, look);
  function look(): void {
    if (alive(pid)) cancel = clock.after(POLL_MS, look);
    else onGone();
  }
  return () => cancel();
}

/** `kill` is that of the process: signal 0 only asks. A process that may not be signalled is there all the same. */
export function isAlive(pid: number, kill: (pid: number, signal: 0) => unknown): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (fault) {
    return fault instanceof Error && 'code' in fault && fault.code === 'EPERM';
  }
}
