/** A program that runs in a sandbox, whether it is debugged or not. */
import type { vscode } from '../base/code.ts';
import type { Source } from './source/source.ts';

export interface RunningProgram {
  readonly source: Source;
  /** Where it is shown. Undefined: in no terminal. */
  readonly terminal: vscode.Terminal | undefined;
  /** Ends the program with everything it started. */
  stop(): void;
  /** Types a line for it. Absent: it takes no input. */
  type?(line: string): void;
}
