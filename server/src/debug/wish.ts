/** What a debugger is wanted for: so much can be known before anybody asks for it. */
import { isDeepStrictEqual } from 'node:util';
import type { Environment } from '../protocol/index.ts';
import type { Toolchain, ToolchainPhase } from '../runtime/ports.ts';
import type { DebugLanguage, LaunchRequest } from './adapter.ts';
import { isSettled, runPhase } from './phase.ts';

/** The part of `launch` that the client chooses. */
export type Choice = Pick<LaunchRequest, 'program' | 'args' | 'cwd' | 'stopOnEntry' | 'justMyCode' | 'terminal'>;

export interface Wish {
  readonly row: DebugLanguage;
  readonly toolchain: Toolchain;
  readonly choice: Choice;
  /** Whether the program is a file that stays when it has been debugged. */
  readonly stays: boolean;
  /** The variables of the client. */
  readonly env: Environment;
  /** Those of them that name nothing which a program could change. */
  readonly settled: Environment;
  /** How the toolchain runs the program, with files of its own in this folder. */
  phases(scratch: string): readonly ToolchainPhase[];
}

/** Stands for a scratch folder where two wishes are compared. */
const NOWHERE = '/nowhere';

/** How the program is launched with this scratch folder. */
export function launchOf({ choice, env, phases }: Wish, scratch: string): LaunchRequest {
  const { interpreter, options, env: needed } = runPhase(phases(scratch), choice.program);
  return { ...choice, interpreter, options, env: { ...needed, ...env } };
}

/** Whether what is started for the one wish is of use for the other. */
export function isFor(one: Wish, other: Wish): boolean {
  if (one.row !== other.row) return false;
  const [a, b] = [launchOf(one, NOWHERE), launchOf(other, NOWHERE)];
  if (one.row.waits?.(a.interpreter) === 'forProgram') return isDeepStrictEqual(a, b);
  return a.interpreter === b.interpreter && isDeepStrictEqual(a.options, b.options) && isDeepStrictEqual(a.env, b.env);
}

/**
 * Whether an adapter can wait for this: no variable may have code run before the program, which somebody could still change,
 * and one that waits in the folder of a program waits in that which lasts as long as the sandbox.
 */
export function canWait(wish: Wish): boolean {
  const { interpreter, env, cwd } = launchOf(wish, NOWHERE);
  const kind = wish.row.waits?.(interpreter);
  const { env: needed } = runPhase(wish.phases(NOWHERE), wish.choice.program);
  return kind !== undefined && (kind === 'forAny' || (wish.stays && cwd === '/workspace')) && isSettled(wish.toolchain, env, { ...needed, ...wish.settled });
}
