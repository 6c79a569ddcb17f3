/** Watches the client's process, because the daemon must not outlive it. */
import type { Clock } from '../base/clock.ts';

const POLL_MS = 500;

/** Calls `onGone` once, when the process no longer exists. Calling the returned function ends the watch. */
export function watchProcess(pid: number, clock: Clock, alive: (pid: number) => boolean, onGone: () => void): () => void {
  let cancel = clock.after(POLL_MS, poll);
  function poll(): void {
    if (alive(pid)) cancel = clock.after(POLL_MS, poll);
    else onGone();
  }
  return () => cancel();
}

/** `kill` is `process.kill`. Signal 0 only checks whether the process exists; EPERM means that it does, but belongs to another user. */
export function isAlive(pid: number, kill: (pid: number, signal: 0) => unknown): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (fault) {
    return fault instanceof Error && 'code' in fault && fault.code === 'EPERM';
  }
}
