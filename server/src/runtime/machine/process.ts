/** Runs a program on the host, as a `Process` of ports.ts: in a process group of its own, which the keeper knows. */
import { type Clock, within } from '../../base/clock.ts';
import { deferred } from '../../base/promises.ts';
import { invalidParam } from '../../protocol/index.ts';
import type { Exit, Process, Sink } from '../ports.ts';
import type { Keeper } from './keeper.ts';
import { Pump } from './pump.ts';
import { spawn, type Spawned } from './spawn.ts';

export interface HostProgram {
  /** The path of the program, and its arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** As in `Program` of ports.ts. */
  readonly stdin: 'none' | 'open' | Buffer;
  /** As in `Program` of ports.ts. */
  readonly stderrToStdout?: boolean | undefined;
  /** No file that the program writes may grow beyond this size, in bytes. */
  readonly maxFileBytes: number;
}

export interface HostProcessParts {
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** May replace the exit that the system tells, when more is known of it. By default it stays as it is. `cpuMs`: as in `Spawned.ended`. */
  judge?(exit: Exit, cpuMs: number): Exit;
}

/** No core files. A program that writes too large a file gets EFBIG, instead of SIGXFSZ that would kill it. */
const prepare = (blocks: number, merged: boolean): string => `ulimit -c 0; ulimit -f ${blocks}; trap "" XFSZ${merged ? '; exec 2>&1' : ''}`;
const ULIMIT_BLOCK_BYTES = 512;
const signals = /^SIG(?:HUP|INT|QUIT|KILL|USR1|USR2|PIPE|ALRM|TERM|CHLD|CONT|STOP|TSTP|TTIN|TTOU|WINCH|ABRT|SEGV|BUS|FPE|ILL|TRAP)$/;

/** @throws ProtocolError SandboxFailed */
export async function startProcess(program: HostProgram, sink: Sink, { keeper, clock, judge }: HostProcessParts): Promise<MachineProcess> {
  const { command, cwd, env, stdin, stderrToStdout = false, maxFileBytes } = program;
  const blocks = Math.ceil(maxFileBytes / ULIMIT_BLOCK_BYTES);
  const spawned = await spawn({ command, cwd, env, stdin: stdin === 'none' ? 'none' : 'open', prepare: prepare(blocks, stderrToStdout) }, keeper);
  const running = new MachineProcess(spawned, sink, keeper, clock, judge);
  if (Buffer.isBuffer(stdin)) spawned.stdin?.end(stdin);
  return running;
}

export class MachineProcess implements Process {
  readonly pid: number;
  readonly #pipes: Spawned;
  readonly #pumps: readonly Pump[];
  readonly #keeper: Keeper;
  readonly #clock: Clock;
  readonly #judge: (exit: Exit, cpuMs: number) => Exit;
  readonly #exited = deferred<Exit>();
  readonly #gone = deferred();

  constructor(pipes: Spawned, sink: Sink, keeper: Keeper, clock: Clock, judge: (exit: Exit, cpuMs: number) => Exit = (exit) => exit) {
    this.pid = pipes.pid;
    this.#pipes = pipes;
    this.#keeper = keeper;
    this.#clock = clock;
    this.#judge = judge;
    this.#pumps = (['stdout', 'stderr'] as const).map((name) => new Pump(pipes[name], (chunk) => sink(name, chunk)));
    void pipes.ended.then(({ code, signal, cpuMs }) => this.#ended(exitOf(code, signal), cpuMs));
  }

  get exited(): Promise<Exit> {
    return this.#exited.promise;
  }

  /** Resolves when the process has ended. Its last output may still be on its way to the sink. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  async signal(name: string): Promise<boolean> {
    if (!signals.test(name)) throw invalidParam('signal', `${name} is not a signal of this host; use a POSIX name such as SIGINT`);
    return this.#keeper.signal(this.pid, name);
  }

  async kill(graceMs = 0): Promise<void> {
    if (graceMs > 0) {
      this.#keeper.signal(this.pid, 'SIGTERM');
      await within(this.#clock, graceMs, this.exited);
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

  async #ended(exit: Exit, cpuMs: number): Promise<void> {
    this.#gone.resolve();
    this.#pipes.stdin?.destroy();
    for (const pump of this.#pumps) pump.finish(this.#clock);
    await Promise.all(this.#pumps.map((pump) => pump.done));
    this.#exited.resolve(this.#judge(exit, cpuMs));
  }
}

function exitOf(code: number | null, signal: string | null): Exit {
  if (signal !== null) return { kind: 'signaled', signal };
  return code === null ? { kind: 'lost', reason: 'the host does not say how the program ended' } : { kind: 'exited', code };
}
