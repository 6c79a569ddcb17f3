/** The only file that knows execa: processes of the host, in a session and group of their own, known to the keeper before they run. */
import type { Readable, Writable } from 'node:stream';
import { ProtocolError } from '../../protocol/index.ts';
import { errorCode } from './faults.ts';
import type { Keeper } from './keeper.ts';
import launcher from './spawn.sh' with { type: 'text' };

export interface SpawnOptions {
  /** The program's own path first. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** `none`: stdin is empty. */
  readonly stdin: 'none' | 'open';
  /** A line of sh that the process carries out before it becomes the program: limits, files it holds open. */
  readonly prepare: string;
}

export interface Spawned {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** How the system says it ended. Its last output may still be on its way. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Whoever spawns gives the group back to the keeper when it has ended. @throws ProtocolError SandboxFailed */
export async function spawn({ command, cwd, env, stdin, prepare }: SpawnOptions, keeper: Keeper): Promise<Spawned> {
  const [{ execa }, lease] = await Promise.all([import('execa'), keeper.lease()]);
  const child = execa('/bin/sh', ['-c', launcher, 'sh', prepare, ...command], {
    stdio: [stdin === 'none' ? 'ignore' : 'pipe', 'pipe', 'pipe', lease],
    cwd,
    env: { ...env },
    extendEnv: false,
    detached: true,
    buffer: false,
    cleanup: false,
    reject: false,
    stripFinalNewline: false,
    encoding: 'buffer',
  });
  const { pid, stdout, stderr } = child;
  if (pid === undefined || !stdout || !stderr) throw notStarted(await child);
  keeper.hold(pid);
  // A program that does not read its input is no fault.
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<Awaited<Spawned['ended']>>((resolve) => {
    child.once('exit', (code: number | null, signal: string | null) => resolve({ code, signal }));
  });
  return { pid, stdin: child.stdin, stdout, stderr, ended };
}

function notStarted(result: { readonly code?: string; readonly cause?: unknown }): ProtocolError {
  const code = result.code ?? errorCode(result.cause);
  const why = code === 'E2BIG' ? 'its arguments and environment are too long' : `the host answered ${code || 'in an unknown way'}`;
  return new ProtocolError('SandboxFailed', `the program could not be started: ${why}`);
}
