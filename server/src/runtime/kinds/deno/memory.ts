/** Checks whether a program uses more memory than it may. That is possible on Linux only; elsewhere only V8's heap has a limit. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';

/** The time between two checks. In between, a program may go over the limit. */
export const SAMPLE_MS = 100;

/** Calls `exceeded` once when the process uses more than `maxBytes`. The result ends the checks. */
export function watchMemory(pid: number, maxBytes: number, clock: Clock, exceeded: () => void): () => void {
  let ended = false;
  let cancel = clock.after(SAMPLE_MS, () => void check());
  return () => {
    ended = true;
    cancel();
  };

  async function check(): Promise<void> {
    const bytes = await residentBytes(pid);
    if (ended || bytes === undefined) return;
    if (bytes > maxBytes) exceeded();
    else cancel = clock.after(SAMPLE_MS, () => void check());
  }
}

/** undefined: this system does not tell, or the process has ended. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
