/** A sandbox of Deno alone: a folder of the host, in which Deno runs programs that have permissions for this folder only. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../base/clock.ts';
import { type Isolation, type LanguageId, type Limits, ProtocolError } from '../../../protocol/index.ts';
import type { ConfinedFiles } from '../../machine/confined.ts';
import type { Keeper } from '../../machine/keeper.ts';
import type { Presence } from '../../machine/presence.ts';
import { type MachineProcess, startProcess } from '../../machine/process.ts';
import { cannot, type Exit, type HeldProcess, type Process, type Program, type Sandbox, type SandboxCan, type SandboxPort, type Sink, type Toolchain } from '../../ports.ts';
import { denoCommand, denoEnvironment, type DenoRun, type Grants, programOf } from './command.ts';
import { ExitCause } from './exit-cause.ts';
import { denoToolchain } from './toolchain.ts';
import { Use } from './use.ts';

export interface DenoSandboxParts {
  readonly binary: string;
  readonly bootstrap: string;
  readonly typescript: string;
  readonly version: string;
  /** The paths of two folders of its own on the host: Deno's files, and /tmp. */
  readonly cache: string;
  readonly temporary: string;
  readonly grants: Grants;
  readonly files: ConfinedFiles;
  readonly presence: Presence;
  readonly isolation: Isolation;
  readonly limits: Limits;
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** Whether the system is Linux, which tells what programs use. */
  readonly linux: boolean;
  /** Removes the folders. It is called when no program runs in them any more. */
  remove(): Promise<void>;
}


export class DenoSandbox implements Sandbox {
  readonly can: SandboxCan;
  readonly image = undefined;
  readonly memoryBytes = undefined;
  readonly isolation: Isolation;
  readonly files: ConfinedFiles;
  readonly #parts: DenoSandboxParts;
  readonly #starting = new Set<Promise<Process>>();
  readonly #running = new Set<MachineProcess>();
  /** What programs use that run, or whose exit is not told yet. */
  readonly #uses = new Set<Use>();
  /** What programs before them have used. */
  #past = { cpuMs: 0, peakMemoryBytes: 0 };
  #closing: Promise<void> | undefined;

  constructor(parts: DenoSandboxParts) {
    this.#parts = parts;
    this.can = { adjust: false, copyIn: false, tellPristine: false, hold: false, connections: false, cpuTime: parts.linux, packages: false };
    this.isolation = parts.isolation;
    this.files = parts.files;
    void this.lost.then(() => Promise.allSettled(this.#starting)).then(() => this.#killAll());
  }

  get lost(): Promise<string> {
    return this.#parts.presence.lost;
  }

  async toolchain(language: LanguageId): Promise<Toolchain | undefined> {
    this.#parts.presence.require();
    return denoToolchain(language, this.#parts.version, undefined);
  }

  async start(program: Program, sink: Sink): Promise<Process> {
    const starting = this.#start(program, sink);
    this.#starting.add(starting);
    return starting.finally(() => this.#starting.delete(starting));
  }

  async #start(program: Program, sink: Sink): Promise<Process> {
    const { presence, files, keeper, clock, limits } = this.#parts;
    presence.require();
    if (program.pty) throw new ProtocolError('LanguageUnsupported', 'a terminal needs a runtime with a shell (docker, native)');
    const run = this.#run(program);
    const cwd = await files.directory(program.cwd);
    const cause = new ExitCause();
    const use = new Use({
      maxBytes: limits.memoryBytes, clock,
      exceeded: () => {
        cause.exceed();
        void running.kill();
      },
    });
    const running: MachineProcess = await startProcess(
      { command: denoCommand(run), cwd, env: denoEnvironment(run), stdin: program.stdin, stderrToStdout: program.stderrToStdout, maxFileBytes: limits.diskBytes },
      cause.reading(sink, program),
      { keeper, clock, judge: (exit, cpuMs) => this.#settle(use, cpuMs, this.#lostExit() ?? cause.judge(exit)) },
    );
    this.#running.add(running);
    use.begin(running.pid);
    this.#uses.add(use);
    void running.gone.then(() => {
      use.end();
      this.#running.delete(running);
    });
    return running;
  }

  /** Adds to the exit of a program what it has used. */
  #settle(use: Use, together: number, exit: Exit): Exit {
    this.#uses.delete(use);
    if (!this.#parts.linux) return exit;
    const cpuMs = use.settle(together);
    this.#past = { cpuMs: this.#past.cpuMs + cpuMs, peakMemoryBytes: Math.max(this.#past.peakMemoryBytes, use.peakMemoryBytes) };
    return exit.kind === 'lost' ? exit : { ...exit, usage: { cpuMs, peakMemoryBytes: this.#past.peakMemoryBytes } };
  }

  hold(): Promise<HeldProcess> {
    return cannot('hold a program');
  }

  isPristine(): Promise<boolean> {
    return cannot('tell whether it is as it was made');
  }

  async cpuMs(): Promise<number> {
    if (!this.can.cpuTime) return cannot('tell its processor time');
    this.#parts.presence.require();
    return [...this.#uses].reduce((sum, use) => sum + use.seeCpuMs(), this.#past.cpuMs);
  }

  adjust(): Promise<void> {
    return cannot('be held to other limits');
  }

  copyIn(): Promise<void> {
    return cannot('be given a folder after it has been made');
  }

  listen(): Promise<SandboxPort> {
    return cannot('take connections of programs');
  }

  connect(): Promise<Duplex> {
    return cannot('be connected to');
  }

  showModules(): Promise<void> {
    return cannot('see packages');
  }

  showFile(): Promise<string> {
    return cannot('be shown files');
  }

  watchPorts(_signal: AbortSignal, changed: (ports: readonly number[]) => void): void {
    changed([]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#parts.presence.close();
    await Promise.allSettled(this.#starting);
    await this.#killAll();
    await this.#parts.remove();
  }

  /** Waits only for the end of the processes, and not for their output to be taken, which may be slow. */
  async #killAll(): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.kill().then(() => running.gone)));
  }

  /** @throws ProtocolError LanguageUnsupported */
  #run({ command, env }: Program): DenoRun {
    const { binary, bootstrap, typescript, grants, cache, temporary, limits, files } = this.#parts;
    const { file, args } = programOf(command);
    return { binary, bootstrap, typescript, file: files.hostPath(file), args, env, grants, cache, temporary, memoryBytes: limits.memoryBytes };
  }

  #lostExit(): { kind: 'lost'; reason: string } | undefined {
    const reason = this.#parts.presence.lostWhy;
    return reason === undefined ? undefined : { kind: 'lost', reason };
  }
}
