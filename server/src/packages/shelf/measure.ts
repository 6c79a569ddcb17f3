/** Measures what an installation has written so far, while hostile programs go on writing. Links are not followed. */
import type { Clock } from '../../base/clock.ts';
import { Collector } from '../../runtime/machine/collector.ts';
import type { Keeper } from '../../runtime/machine/keeper.ts';
import { startProcess } from '../../runtime/machine/process.ts';

export interface Measured {
  readonly bytes: number;
  readonly files: number;
  /** Whether a folder in it can't be read, so that nobody knows what is in there. */
  readonly hidden: boolean;
}

/**
 * `du` goes through a tree much faster than Node, in a process of its own, so that the daemon serves others meanwhile. What
 * is removed while it looks is no fault.
 */
const SCRIPT = 'du -skx -- "$1"; find "$1" -xdev | head -n "$2" | wc -l';
const MAX_OUTPUT_BYTES = 64 * 1024;
const KIB = 1024;

/** `maxFiles`: no more are counted. @throws ProtocolError SandboxFailed */
export async function measure(path: string, maxFiles: number, signal: AbortSignal, { keeper, clock }: { readonly keeper: Keeper; readonly clock: Clock }): Promise<Measured> {
  const output = new Collector(MAX_OUTPUT_BYTES);
  const command = ['/bin/sh', '-c', SCRIPT, 'sh', path, String(maxFiles + 1)];
  const running = await startProcess({ command, cwd: '/', env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' }, stdin: 'none', maxFileBytes: 0 }, output.sink, { keeper, clock });
  const stop = () => void running.kill();
  signal.addEventListener('abort', stop, { once: true });
  await running.exited.finally(() => signal.removeEventListener('abort', stop));
  signal.throwIfAborted();
  const [kib = 0, files = 0] = output.stdout().toString().split('\n').map((line) => Number.parseInt(line, 10));
  return { bytes: kib * KIB, files, hidden: output.stderr().toString().includes('Permission denied') };
}
