/** The exit codes of the command line, for programs that read them and for the help. */
import { constants } from 'node:os';
import type { Execution } from '../protocol/index.ts';

export const Exit = {
  fault: 1,
  usage: 64,
  unreachable: 69,
  notSaved: 73,
  config: 78,
  timedOut: 124,
  notStarted: 125,
  hungUp: 129,
  interrupted: 130,
  memoryLimit: 137,
  notRead: 141,
  terminated: 143,
  outputLimit: 153,
} as const;

/** The exit code of whoever a signal has ended, as shells tell it. */
export function codeOf(signal: string): number {
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
}

/** What each means, in the words of the help. Every other code is the program's own. */
export const exitTexts: Readonly<Record<keyof typeof Exit, string>> = {
  fault: 'there is an error in CodeBeaker itself, no runtime is available (doctor), or something was found or could not be done (scan, audit verify, cache, sweep)',
  usage: 'the command line is wrong',
  unreachable: 'the daemon elsewhere cannot be reached, lets nobody in, or has gone (connect)',
  notSaved: 'the program exited with 0, but not everything could be saved (--save)',
  config: 'the configuration is wrong',
  timedOut: 'the program reached its time limit',
  notStarted: 'the program could not be run, or its sandbox was lost',
  hungUp: 'it was ended by SIGHUP',
  interrupted: 'it was interrupted with Ctrl-C or SIGINT',
  memoryLimit: 'it ran out of memory',
  notRead: 'the reader of its output has gone',
  terminated: 'it was ended by SIGTERM',
  outputLimit: 'it printed more than it may',
};

/** What stands for how a program ended. */
export function exitCodeOf({ outcome, exitCode, signal }: Pick<Execution, 'outcome' | 'exitCode' | 'signal'>): number {
  switch (outcome) {
    case 'exited':
      return exitCode ?? Exit.notStarted;
    case 'signaled':
      return codeOf(signal ?? '');
    case 'cancelled':
    case 'timedOut':
      return Exit.timedOut;
    case 'memoryLimit':
      return Exit.memoryLimit;
    case 'outputLimit':
      return Exit.outputLimit;
    case 'sandboxLost':
      return Exit.notStarted;
  }
}
