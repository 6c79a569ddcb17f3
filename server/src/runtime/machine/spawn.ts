/** Starts processes on the host, each in a session and process group of its own that the keeper knows before the program runs. The only file that uses execa. */
import { type Duplex, PassThrough, type Readable, type Writable } from 'node:stream';
import { ProtocolError } from '../../protocol/index.ts';
import { errorCode } from './faults.ts';
import type { Keeper } from './keeper.ts';
import launcher from './spawn.sh' with { type: 'text' };

export interface SpawnOptions {
  /** The path of the program, and its arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** `none`: stdin is at its end from the beginning. */
  readonly stdin: 'none' | 'open';
  /** Whether the process gets a socket as descriptor 4. */
  readonly socket?: boolean;
  /** A line for sh that the process runs before it becomes the program: it sets limits and opens files. */
  readonly prepare: string;
}

export interface Spawned {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The other end of the process's descriptor 4. Without `SpawnOptions.socket` it is closed. */
  readonly socket: Duplex;
  /** Resolves when the process has ended: with its exit code, or the signal that ended it. Its last output may still be on its way. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** The caller must call `keeper.release` with the pid when the process has ended. @throws ProtocolError SandboxFailed */
export async function spawn({ command, cwd, env, stdin, socket = false, prepare }: SpawnOptions, keeper: Keeper): Promise<Spawned> {
  const [{ execa }, lease] = await Promise.all([import('execa'), keeper.lease()]);
  const child = execa('/bin/sh', ['-c', launcher, 'sh', prepare, ...command], {
    stdio: [stdin === 'none' ? 'ignore' : 'pipe', 'pipe', 'pipe', lease, ...(socket ? (['pipe'] as const) : [])],
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
  // A program may end without having read its input: that is no error.
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<Awaited<Spawned['ended']>>((resolve) => {
    child.once('exit', (code: number | null, signal: string | null) => resolve({ code, signal }));
  });
  return { pid, stdin: child.stdin, stdout, stderr, socket: socket ? child.stdio[4] : new PassThrough().destroy(), ended };
}

function notStarted(result: { readonly code?: string; readonly cause?: unknown }): ProtocolError {
  const code = result.code ?? errorCode(result.cause);
  const why = code === 'E2BIG' ? 'its arguments and environment are too long' : `the host answered ${code || 'in an unknown way'}`;
  return new ProtocolError('SandboxFailed', `the program could not be started: ${why}`);
}
