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

/** The option with which a program takes its program from the command line, and those that take the word behind them. A letter may stand behind others, as in `-xc`. */
interface TakesText {
  readonly language: LanguageId;
  readonly option: RegExp;
  readonly withWord: RegExp;
}

const shell: TakesText = { language: 'shellscript', option: /^-[a-zA-Z]*c$/, withWord: /^[-+][a-zA-Z]*[oO]$/ };
const python: TakesText = { language: 'python', option: /^-[a-zA-Z]*c$/, withWord: /^-[a-zA-Z]*[WX]$/ };
const takesText = new Map<string, TakesText>(Object.entries({
  sh: shell,
  bash: shell,
  python,
  python3: python,
  node: { language: 'javascript', option: /^(?:-p?e|-p|--eval|--print)$/, withWord: /^(?:-r|--require|--import|-C|--conditions)$/ },
  ruby: { language: 'ruby', option: /^-[a-zA-Z]*e$/, withWord: /^-[rIC]$/ },
}));

/** undefined: the command names a program, and no text. */
export function textOf(command: ExecuteShellParams['command']): RunText | undefined {
  if (typeof command === 'string') return { language: 'shellscript', code: command, path: undefined };
  const [program = '', ...words] = command;
  const row = takesText.get(program.slice(program.lastIndexOf('/') + 1));
  for (let at = 0; row && at < words.length; at++) {
    const word = words[at] as string;
    const code = words[at + 1];
    if (row.option.test(word)) return code === undefined ? undefined : { language: row.language, code, path: undefined };
    if (row.withWord.test(word)) at++;
    else if (!/^[-+]/.test(word)) return undefined;
  }
  return undefined;
}
