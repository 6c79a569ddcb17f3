/** The lines a held shell is sent to run programs: everything is quoted here and nowhere else. */
import type { Program } from '../ports.ts';
import { assignments, printfFormat, quote } from './quote.ts';

/** Up to here stdin travels in the line itself and fits into the smallest pipe. */
export const MAX_INLINE_STDIN_BYTES = 4096;

/** Every process of a command has its id in its environment: that is how `k` finds what left its process group. */
export const COMMAND_ID = 'CODEBEAKER_COMMAND_ID';

/** The report on a program whose working directory has gone: what cd said is on stderr. */
const NO_DIRECTORY = "'1;;;0;;'";

/** A program below the held shell. `$W` is then the subshell that waits for it. Not every shell takes stdin from an `&` inside it. */
export function startLine(mark: string, id: string, program: Program): string {
  const input = Buffer.isBuffer(program.stdin) ? `printf ${printfFormat(program.stdin)} | ` : '';
  return `{ if cd -- ${quote(program.cwd)};then ${input}${invocation(id, program)} & z ${mark};else t ${mark} ${NO_DIRECTORY};fi;} </dev/null & W=$!`;
}

/** A program that owns the rest of the shell's stdin. The shell ends after it. */
export function ownStdinLine(mark: string, id: string, program: Program): string {
  return `exec 3<&0;if cd -- ${quote(program.cwd)};then ${invocation(id, program)} <&3 3<&- & exec 3<&- </dev/null;z ${mark};else t ${mark} ${NO_DIRECTORY};fi;exit`;
}

/** A child that becomes the program. */
function invocation(id: string, { command, env }: Program): string {
  const words = typeof command === 'string' ? `$cb_h -c -- ${quote(command)}` : command.map(quote).join(' ');
  return `{ export ${assignments({ ...env, [COMMAND_ID]: id })};x ${words};}`;
}

/**
 * An operation the shell carries out itself, in its own foreground. `script` leaves its verdict in `r`:
 * 0, or an errno-like number, or 1 where only the message on stderr can tell.
 */
export function operationLine(mark: string, script: string): string {
  return `r=0;${script};t ${mark} $r`;
}

/** Takes the subshell of a program that has ended off the process list. */
export const REAP = 'wait';

export const killLine = (id: string, base: string): string => `k ${id} ${base}`;

export const signalLine = (signal: string, base: string, id: string): string =>
  `g ${signal.replace(/^SIG/, '')} ${base} ${id}`;
