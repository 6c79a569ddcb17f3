/** The lines that are sent to a held shell to run programs. Everything in them is quoted here. */
import type { Program } from '../ports.ts';
import { assignments, printfFormat, quote } from './quote.ts';

/** Up to here stdin travels in the line itself and fits into the smallest pipe. */
export const MAX_INLINE_STDIN_BYTES = 4096;

/** Every process of a command has its id in its environment: that is how `k` finds what left its process group. */
export const COMMAND_ID = 'CODEBEAKER_COMMAND_ID';

/** The report on a program that never ran; what the shell had to say is on stderr. */
const notRun = (mark: string, status: number): string => `t ${mark} '${status};;;0;;'`;
/** The working directory has gone. */
const NO_DIRECTORY = 1;
/** As of a program that can't be executed. */
const NO_FORK = 126;

/** A program below the held shell. `$W` is then the subshell that waits for it. Not every shell takes stdin from an `&` inside it. */
export function startLine(mark: string, id: string, program: Program): string {
  const input = Buffer.isBuffer(program.stdin) ? `printf ${printfFormat(program.stdin)} | ` : '';
  // A shell goes on after a fork that failed only where it happened in an eval of its own.
  const begin = quote(`${input}${invocation(id, program)} & cb_j=1`);
  const wait = `if [ -n "$cb_j" ];then z ${mark};else ${notRun(mark, NO_FORK)};fi`;
  return `cb_f="${notRun(mark, NO_FORK)}";{ if cd -- ${quote(program.cwd)};then cb_j=;command eval ${begin};${wait};else ${notRun(mark, NO_DIRECTORY)};fi;} </dev/null & W=$! cb_f=`;
}

/** A program that owns the rest of the shell's stdin. The shell ends after it. */
export function ownStdinLine(mark: string, id: string, program: Program): string {
  return `exec 3<&0;cb_f="${notRun(mark, NO_FORK)}";if cd -- ${quote(program.cwd)};then ${invocation(id, program)} <&3 3<&- & exec 3<&- </dev/null;z ${mark};else ${notRun(mark, NO_DIRECTORY)};fi;exit`;
}

/** A child that becomes the program. */
function invocation(id: string, { command, env }: Program): string {
  const words = typeof command === 'string' ? `$cb_h -c -- ${quote(command)}` : command.map(quote).join(' ');
  return `{ export ${assignments({ ...env, [COMMAND_ID]: id })};x ${words};}`;
}

/**
 * An operation the shell carries out itself, in its own foreground. `script` leaves its verdict in `r`: 0, or an errno,
 * or 1 where only the message on stderr can tell. Where bytes come with it, and `endOfBytes` after them, none of them
 * is ever taken for a line, whatever the script could and couldn't do.
 */
export function operationLine(mark: string, script: string, bytes = false): string {
  const drain = bytes ? `d ${mark};` : '';
  return `cb_f='set +C;${drain}t ${mark} ${NO_FORK}' r=0;${script};${drain}t ${mark} $r;cb_f=`;
}

export const endOfBytes = (mark: string): string => `${mark}\n`;

/** Whether there is room for a process: asked before many bytes are sent that one must read. */
export const ROOM = '(:)';

/** Takes the subshell of a program that has ended off the process list. */
export const REAP = 'wait';

export const killLine = (id: string, base: string): string => `k ${id} ${base}`;

/** After `killLine`: whether that has found anything. */
export const foundLine = (mark: string): string => `case $K in ' ')t ${mark} 0;;*)t ${mark} 1;;esac`;
export const killAndTell = (id: string, base: string): string => `${killLine(id, base)};[ "$K" = ' ' ]||r=1`;

export const signalLine = (signal: string, base: string, id: string): string =>
  `g ${signal.replace(/^SIG/, '')} ${base} ${id}`;
