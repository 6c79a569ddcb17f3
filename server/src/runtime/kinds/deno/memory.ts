/** Whether a program uses more memory than it may. Linux tells; elsewhere only V8's own cap holds. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../base/clock.ts';

/** How far a program can get between two looks is what makes this limit a soft one. */
export const SAMPLE_MS = 100;

/** Calls `exceeded` once. The result ends the watch. */
export function watchMemory(pid: number, maxBytes: number, clock: Clock, exceeded: () => void): () => void {
  let ended = false;
  let cancel = clock.after(SAMPLE_MS, () => void look());
  return () => {
    ended = true;
    cancel();
  };

  async function look(): Promise<void> {
    const bytes = await residentBytes(pid);
    if (ended || bytes === undefined) return;
    if (bytes > maxBytes) exceeded();
    else cancel = clock.after(SAMPLE_MS, () => void look());
  }
}

/** Undefined where it can't be known, or the process is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
