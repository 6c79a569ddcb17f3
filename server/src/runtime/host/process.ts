/** A program of the host as a Process: in a session and group of its own, known to the keeper before it runs. */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { deferred } from '../../base/promises.ts';
import { ProtocolError } from '../../protocol/index.ts';
import type { Exit, Process, Sink } from '../ports.ts';
import { errorCode } from './faults.ts';
import type { Keeper } from './keeper.ts';
import { Pump } from './pump.ts';

export interface HostProgram {
  /** The program's own path first. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: 'none' | 'open' | Buffer;
  /** The size no file may grow beyond. */
  readonly maxFileBytes: number;
}

export interface HostProcessParts {
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** Has the last word on how it ended. */
  judge?(exit: Exit): Exit;
}

/** Records the group, sets what must not be exceeded, becomes the program. No core files; a file too large fails with EFBIG. */
const launcher = 'echo "+$$" >&3 || exit 126; exec 3>&-; ulimit -c 0; ulimit -f "$1"; trap "" XFSZ; shift; exec "$@"';
const ULIMIT_BLOCK_BYTES = 512;
const signals = /^SIG(?:HUP|INT|QUIT|KILL|USR1|USR2|PIPE|ALRM|TERM|CHLD|CONT|STOP|TSTP|TTIN|TTOU|WINCH|ABRT|SEGV|BUS|FPE|ILL|TRAP)$/;

/** @throws ProtocolError SandboxFailed */
export async function startProcess(program: HostProgram, sink: Sink, { keeper, clock, judge }: HostProcessParts): Promise<HostProcess> {
  const [{ execa }, lease] = await Promise.all([import('execa'), keeper.lease()]);
  const { command, cwd, env, stdin, maxFileBytes } = program;
  const blocks = String(Math.ceil(maxFileBytes / ULIMIT_BLOCK_BYTES));
  const child = execa('/bin/sh', ['-c', launcher, 'sh', blocks, ...command], {
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
  const process = new HostProcess({ pid, stdin: child.stdin, stdout, stderr }, sink, keeper, clock, judge);
  child.once('exit', (code: number | null, signal: string | null) => void process.ended(code, signal));
  if (Buffer.isBuffer(stdin)) child.stdin?.end(stdin);
  return process;
}

interface Pipes {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

export class HostProcess implements Process {
  readonly pid: number;
  readonly #pipes: Pipes;
  readonly #pumps: readonly Pump[];
  readonly #keeper: Keeper;
  readonly #clock: Clock;
  readonly #judge: (exit: Exit) => Exit;
  readonly #exited = deferred<Exit>();
  readonly #gone = deferred();

  constructor(pipes: Pipes, sink: Sink, keeper: Keeper, clock: Clock, judge: (exit: Exit) => Exit = (exit) => exit) {
    this.pid = pipes.pid;
    this.#pipes = pipes;
    this.#keeper = keeper;
    this.#clock = clock;
    this.#judge = judge;
    keeper.hold(this.pid);
    // A program that does not read its input is no fault.
    pipes.stdin?.on('error', () => undefined);
    this.#pumps = (['stdout', 'stderr'] as const).map((name) => new Pump(pipes[name], (chunk) => sink(name, chunk)));
  }

  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  /** Resolves when the system has ended it; its last output may still be on its way. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  async signal(name: string): Promise<void> {
    if (!signals.test(name)) throw new ProtocolError('InvalidParams', `${name} is no signal of this host; use a POSIX name such as SIGINT`);
    this.#keeper.signal(this.pid, name);
  }

  async kill(graceMs = 0): Promise<void> {
    if (graceMs > 0) {
      this.#keeper.signal(this.pid, 'SIGTERM');
      const grace = deferred();
      const cancel = this.#clock.after(graceMs, grace.resolve);
      await Promise.race([grace.promise, this.exited]);
      cancel();
    }
    this.#keeper.signal(this.pid, 'SIGKILL');
  }

  write(bytes: Buffer): Promise<void> {
    const { stdin } = this.#pipes;
    if (!stdin?.writable) return Promise.resolve();
    return new Promise((resolve) => void stdin.write(bytes, () => resolve()));
  }

  end(): void {
    this.#pipes.stdin?.end();
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  /** Called once, when the system has told of its end. */
  async ended(code: number | null, signal: string | null): Promise<void> {
    this.#keeper.release(this.pid);
    this.#gone.resolve();
    this.#pipes.stdin?.destroy();
    for (const pump of this.#pumps) pump.finish(this.#clock);
    await Promise.all(this.#pumps.map((pump) => pump.done));
    this.#exited.resolve(this.#judge(exitOf(code, signal)));
  }
}

function exitOf(code: number | null, signal: string | null): Exit {
  if (signal !== null) return { kind: 'signaled', signal };
  return code === null ? { kind: 'lost', reason: 'the host does not tell how the program ended' } : { kind: 'exited', code };
}

function notStarted(result: { readonly code?: string; readonly cause?: unknown }): ProtocolError {
  const code = result.code ?? errorCode(result.cause);
  const why = code === 'E2BIG' ? 'its arguments and environment are too long' : `the host answered ${code || 'in an unknown way'}`;
  return new ProtocolError('SandboxFailed', `the program could not be started: ${why}`);
}
