/** How a command has ended, given how its last program did. */
import type { Outcome } from '../protocol/index.ts';
import type { Exit } from '../runtime/ports.ts';

export interface Ending {
  readonly outcome: Outcome;
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** `exit` of the last program; undefined: none has ended. `cause`: what ended the command before its programs ended by themselves. */
export function endingOf(exit: Exit | undefined, cause: Outcome | undefined): Ending {
  // The code of a program that was made to end says nothing: it may have caught the signal and called that a success.
  const exitCode = !cause && (exit?.kind === 'exited' || exit?.kind === 'memoryLimit') ? exit.code : null;
  const signal = exit?.kind === 'signaled' || exit?.kind === 'memoryLimit' ? exit.signal : null;
  const kind = !exit || exit.kind === 'lost' ? 'sandboxLost' : exit.kind;
  return { outcome: cause ?? kind, exitCode, signal };
}
