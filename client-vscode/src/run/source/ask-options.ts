/** Asks the person for a program's arguments, environment and input, one after the other. */
import type { Code } from '../../base/code.ts';
import type { Options } from './options.ts';
import { escapeLines, formatEnvironment, joinWords, parseEnvironment, splitWords, unescapeLines } from './shell-words.ts';

const STEPS = 3;

/** @returns undefined if the person pressed Escape */
export async function askOptions(code: Code, name: string, current: Options): Promise<Options | undefined> {
  const { l10n, window } = code;
  const ask = (step: number, prompt: string, value: string, placeHolder: string, validateInput: (text: string) => string | undefined) =>
    window.showInputBox({
      title: `${l10n.t('Run {0} in Sandbox', name)} (${step}/${STEPS})`,
      prompt,
      value,
      placeHolder,
      ignoreFocusOut: true,
      validateInput,
    });
  const args = await ask(1, l10n.t('Arguments, quoted as in a shell'), joinWords(current.args), "one 'number two'", (text) =>
    problem(() => splitWords(text), (quote) => l10n.t('The quote {0} is not closed.', quote)),
  );
  if (args === undefined) return undefined;
  const env = await ask(2, l10n.t('Environment variables'), formatEnvironment(current.env), "NAME=value OTHER='two words'", (text) =>
    problem(() => parseEnvironment(text), (word) => l10n.t('This is not of the form NAME=value: {0}', word)),
  );
  if (env === undefined) return undefined;
  const placeHolder = l10n.t('leave it empty to type the input in the terminal');
  const stdin = await ask(3, l10n.t('Input that the program reads; write \\n for the end of a line'), escapeLines(current.stdin ?? ''), placeHolder, () => undefined);
  if (stdin === undefined) return undefined;
  const options = { ...(current.packages ? { packages: current.packages } : {}), ...(current.offers ? { offers: current.offers } : {}), args: splitWords(args), env: parseEnvironment(env) };
  return stdin === '' ? options : { ...options, stdin: unescapeLines(stdin) };
}

function problem(parse: () => unknown, messageFor: (part: string) => string): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return messageFor((error as SyntaxError).message);
  }
}
