/** Starts processes on the host, each in a session and process group of its own that the keeper knows before the program runs. */
import { spawn as spawnChild, type SpawnOptions as ChildOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
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
  /**
   * Resolves when the process has ended: with its exit code, or the signal that ended it, and with the processor time that
   * it has used, with that of others that have ended in the same moment. Its last output may still be on its way.
   */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly cpuMs: number }>;
}

/** When the process has ended, what is left of its group is killed. @throws ProtocolError SandboxFailed */
export async function spawn({ command, cwd, env, stdin, socket = false, prepare }: SpawnOptions, keeper: Keeper): Promise<Spawned> {
  const options: ChildOptions = {
    stdio: [stdin === 'none' ? 'ignore' : 'pipe', 'pipe', 'pipe', await keeper.lease(), ...(socket ? (['pipe'] as const) : [])],
    cwd,
    env: { ...env },
    detached: true,
  };
  const child = await start(['-c', launcher, 'sh', prepare, ...command], options);
  const { pid, stdout, stderr } = child;
  if (pid === undefined || !stdout || !stderr) throw new Error('invariant: what has started has an id and pipes');
  keeper.hold(pid);
  const ended = new Promise<Awaited<Spawned['ended']>>((resolve) => {
    child.once('exit', (code: number | null, signal: string | null) => {
      keeper.release(pid);
      resolve({ code, signal, cpuMs: keeper.reaped.take() });
    });
  });
  return { pid, stdin: child.stdin, stdout, stderr, socket: socket ? (child.stdio[4] as Duplex) : new PassThrough().destroy(), ended };
}

/** Whatever the host answers is a fault of this process alone: some of it Node throws, the rest comes as an event. @throws ProtocolError SandboxFailed */
async function start(args: readonly string[], options: ChildOptions): Promise<ReturnType<typeof spawnChild>> {
  try {
    requireDescriptors();
    const child = spawnChild('/bin/sh', args, options);
    const failed = new Promise<Error>((resolve) => void child.on('error', resolve));
    if (child.pid === undefined) throw await failed;
    // The end of a program can break its pipes: that is no error. Descriptor 3 is the keeper's, which all processes share.
    for (const stream of [child.stdin, child.stdout, child.stderr, child.stdio[4]]) stream?.on('error', () => undefined);
    return child;
  } catch (fault) {
    throw notStarted(fault);
  }
}

/** More than are needed to start a process: two for each of its streams and two besides, one in the process itself, and a few for what else goes on. */
const SPARE_DESCRIPTORS = 16;

/**
 * Node never closes the streams of a process that was made and then lacked a descriptor itself. So none is made where
 * that might happen.
 * @throws the system's fault where so many files can't be opened
 */
function requireDescriptors(): void {
  const opened: number[] = [];
  try {
    while (opened.length < SPARE_DESCRIPTORS) opened.push(openSync('/dev/null', 'r'));
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function notStarted(fault: unknown): ProtocolError {
  const code = errorCode(fault);
  const why = code === 'E2BIG' ? 'its arguments and environment are too long' : `the host answered ${code || 'in an unknown way'}`;
  return new ProtocolError('SandboxFailed', `the program could not be started: ${why}`);
}
