/** How a toolchain runs a program, as far as a debugger does it in its place. */
import type { Environment } from '../protocol/index.ts';
import type { Toolchain, ToolchainPhase } from '../runtime/ports.ts';

export interface RunPhase {
  readonly interpreter: string;
  /** Its options, before the program. */
  readonly options: readonly string[];
  readonly env: Environment;
}

export function runPhase(phases: readonly ToolchainPhase[], program: string): RunPhase {
  const { command: [interpreter = '', ...rest] = [], env = {} } = phases.at(-1) ?? {};
  return { interpreter, options: rest.slice(0, Math.max(rest.indexOf(program), 0)), env };
}

/** Whether no variable has code run before the program, but for those of `settled`, which name nothing that a program could change. */
export function isSettled({ warmUp }: Toolchain, env: Environment, settled: Environment): boolean {
  return warmUp !== undefined && Object.entries(env).every(([name, value]) => !warmUp.early.test(name) || settled[name] === value);
}
