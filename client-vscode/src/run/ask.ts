/** Asks for arguments, environment and stdin, one after the other. */
import type { Code } from '../base/code.ts';
import type { Options } from './options.ts';
import { formatEnvironment, joinWords, parseEnvironment, splitWords } from './words.ts';

const STEPS = 3;

/** @returns undefined when the person turned away. */
export async function askOptions(code: Code, name: string, now: Options): Promise<Options | undefined> {
  const { l10n, window } = code;
  const ask = (step: number, prompt: string, value: string, placeHolder: string, check: (text: string) => string | undefined) =>
    window.showInputBox({
      title: `${l10n.t('Run {0} in Sandbox', name)} (${step}/${STEPS})`,
      prompt,
      value,
      placeHolder,
      ignoreFocusOut: true,
      validateInput: check,
    });
  const args = await ask(1, l10n.t('Arguments, as in a shell'), joinWords(now.args), "one 'number two'", (text) =>
    fault(() => splitWords(text), (quote) => l10n.t('The quote {0} is not closed.', quote)),
  );
  if (args === undefined) return undefined;
  const env = await ask(2, l10n.t('Environment variables'), formatEnvironment(now.env), "NAME=value OTHER='two words'", (text) =>
    fault(() => parseEnvironment(text), (word) => l10n.t('Not of the form NAME=value: {0}', word)),
  );
  if (env === undefined) return undefined;
  const hint = l10n.t('empty: what you type in the terminal');
  const stdin = await ask(3, l10n.t('Input that the program reads; \\n starts a new line'), escapeLines(now.stdin ?? ''), hint, () => undefined);
  if (stdin === undefined) return undefined;
  const options = { args: splitWords(args), env: parseEnvironment(env) };
  return stdin === '' ? options : { ...options, stdin: withNewline(unescapeLines(stdin)) };
}

function fault(parse: () => unknown, tell: (what: string) => string): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return tell((error as SyntaxError).message);
  }
}

/** An input box has one line. */
function escapeLines(text: string): string {
  return text.replace(/\n$/, '').replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function unescapeLines(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
