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

/** The option with which each of these programs takes its program from the command line. A letter may stand behind others, as in `-xc`. */
const takesText = new Map<string, { readonly language: LanguageId; readonly option: RegExp }>(Object.entries({
  sh: { language: 'shellscript', option: /^-[a-zA-Z]*c$/ },
  bash: { language: 'shellscript', option: /^-[a-zA-Z]*c$/ },
  python: { language: 'python', option: /^-[a-zA-Z]*c$/ },
  python3: { language: 'python', option: /^-[a-zA-Z]*c$/ },
  node: { language: 'javascript', option: /^(?:-p?e|-p|--eval|--print)$/ },
  ruby: { language: 'ruby', option: /^-[a-zA-Z]*e$/ },
}));

/** undefined: the command names a program, and no text. */
export function textOf(command: ExecuteShellParams['command']): RunText | undefined {
  if (typeof command === 'string') return { language: 'shellscript', code: command, path: undefined };
  const [program = '', ...words] = command;
  const row = takesText.get(program.slice(program.lastIndexOf('/') + 1));
  const at = row ? words.findIndex((word) => row.option.test(word) || !word.startsWith('-')) : -1;
  const [option = '', code] = words.slice(Math.max(0, at));
  return row?.option.test(option) && code !== undefined ? { language: row.language, code, path: undefined } : undefined;
}
