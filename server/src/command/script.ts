/** The text that a command runs, which can be scanned before. */
import type { ExecuteShellParams, LanguageId } from '../protocol/index.ts';
import type { Session } from '../session/session.ts';

/** A text that is about to be run: a command line, source code, or the file at `path` in the sandbox. */
export type RunText = { readonly language: LanguageId } & ({ readonly code: string; readonly path: undefined } | { readonly path: string; readonly code: undefined });

/** The text of a command. `done` resolves when the command is over. */
export type Scanned = RunText & { readonly commandId: string; readonly done: Promise<void> };

/**
 * Called when it is a command's turn, before its program starts, so that a file is as the commands before have left it.
 * Where it returns a promise, the program waits for that, and does not start if it rejects.
 */
export type Scan = (session: Session, scanned: Scanned) => Promise<void> | undefined;

/** The option with which each of these programs takes its program from the command line. */
const takesText = new Map<string, { readonly language: LanguageId; readonly options: readonly string[] }>(Object.entries({
  sh: { language: 'shellscript', options: ['-c', '-ec', '-lc'] },
  bash: { language: 'shellscript', options: ['-c', '-ec', '-lc'] },
  python: { language: 'python', options: ['-c'] },
  python3: { language: 'python', options: ['-c'] },
  node: { language: 'javascript', options: ['-e', '--eval', '-p', '--print'] },
  ruby: { language: 'ruby', options: ['-e'] },
}));

/** undefined: the command names a program, and no text. */
export function textOf(command: ExecuteShellParams['command']): RunText | undefined {
  if (typeof command === 'string') return { language: 'shellscript', code: command, path: undefined };
  const [program = '', option = '', code] = command;
  const row = takesText.get(program.slice(program.lastIndexOf('/') + 1));
  return row?.options.includes(option) && code !== undefined ? { language: row.language, code, path: undefined } : undefined;
}
