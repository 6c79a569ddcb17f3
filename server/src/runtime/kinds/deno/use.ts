/**
 * What a program uses: it is looked at while the program runs, which is possible on Linux only, and the program is ended
 * when it uses more memory than it may. Elsewhere only V8's heap has a limit, and nothing is known of the processor.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Clock } from '../../../base/clock.ts';
import { readRow } from '../../machine/process-times.ts';

/** The time between two looks. In between, a program may go over the limit. */
export const SAMPLE_MS = 100;

export interface UseParts {
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Called once when the program uses more than `maxBytes`. */
  exceeded(): void;
}

export class Use {
  readonly #parts: UseParts;
  /** How much memory it used when it used most. */
  peakMemoryBytes = 0;
  #cpuMs = 0;
  /** When that was seen. */
  #seenAt: number;
  #endedAt: number | undefined;
  #pid = 0;
  #cancel: () => void = () => undefined;

  constructor(parts: UseParts) {
    this.#parts = parts;
    this.#seenAt = parts.clock.monotonic();
  }

  /** To be called when the program has started, with the number of its process. */
  begin(pid: number): void {
    this.#pid = pid;
    this.#wait();
  }

  /** Looks how much processor time the program has used so far, in milliseconds. */
  seeCpuMs(): number {
    const { clock } = this.#parts;
    const row = this.#endedAt === undefined ? readRow(this.#pid) : undefined;
    if (row) {
      this.#cpuMs = Math.max(this.#cpuMs, row.own + row.reaped);
      this.#seenAt = clock.monotonic();
    }
    return this.#cpuMs;
  }

  /** To be called when the program has ended. */
  end(): void {
    this.#cancel();
    this.#endedAt ??= this.#parts.clock.monotonic();
  }

  /**
   * What the program has used in all, when those that ended with it have used `together`. Since it was last seen it can't
   * have used more than all processors had.
   */
  settle(together: number): number {
    this.end();
    const most = this.#cpuMs + ((this.#endedAt ?? 0) - this.#seenAt) * availableParallelism();
    return (this.#cpuMs = Math.max(this.#cpuMs, Math.min(most, together)));
  }

  #wait(): void {
    this.#cancel = this.#parts.clock.after(SAMPLE_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { maxBytes, exceeded } = this.#parts;
    const bytes = await residentBytes(this.#pid);
    if (this.#endedAt !== undefined || bytes === undefined) return;
    this.peakMemoryBytes = Math.max(this.peakMemoryBytes, bytes);
    this.seeCpuMs();
    if (bytes > maxBytes) exceeded();
    else this.#wait();
  }
}

/** undefined: this system does not tell, or the process has ended. */
async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
