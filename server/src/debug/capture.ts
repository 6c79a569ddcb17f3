/** Runs a small program of the daemon's own in a sandbox, and keeps the beginning of what it prints. */
import { type Clock, within } from '../base/clock.ts';
import type { Program, Sandbox } from '../runtime/ports.ts';

export interface CaptureOptions {
  readonly clock: Clock;
  /** Ends it when this aborts. Absent: only its time does. */
  readonly halted?: AbortSignal;
  readonly maxBytes?: number;
}

const MAX_BYTES = 64 * 1024;
/** A sandbox with a small share of the processor takes long to start an interpreter. */
const DEADLINE_MS = 30_000;

/** `code` undefined: it did not exit by itself. @throws ProtocolError as `Sandbox.start` */
export async function capture(sandbox: Sandbox, { command, cwd, env }: Pick<Program, 'command' | 'cwd' | 'env'>, { clock, halted, maxBytes = MAX_BYTES }: CaptureOptions): Promise<{ code: number | undefined; stdout: string }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const child = await sandbox.start({ command, cwd, env, stdin: 'none', pty: undefined }, (stream, chunk) => {
    if (stream !== 'stdout' || bytes >= maxBytes) return;
    chunks.push(Buffer.from(chunk.subarray(0, maxBytes - bytes)));
    bytes += chunk.length;
  });
  const kill = () => child.kill().catch(() => undefined);
  // A long command runs many of these, and none leaves anything with its signal.
  const halt = () => void kill();
  halted?.addEventListener('abort', halt);
  if (halted?.aborted) halt();
  if (!(await within(clock, DEADLINE_MS, child.exited))) await kill();
  const exit = await child.exited;
  halted?.removeEventListener('abort', halt);
  return { code: exit.kind === 'exited' ? exit.code : undefined, stdout: Buffer.concat(chunks).toString() };
}
