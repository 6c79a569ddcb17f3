/** What a log point says. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { valueOf, type Where } from './evaluate.ts';
import { partsOf } from './log-message.ts';
import { clean, MAX_WHOLE, show } from './show.ts';

export async function log(where: Where, message: string, { source, line, column }: DebugProtocol.Breakpoint): Promise<DebugProtocol.OutputEvent['body']> {
  const texts = await Promise.all(partsOf(message).map((part) => ('text' in part ? Promise.resolve(part.text) : said(where, part.expression))));
  return { category: 'console', output: `${clean(texts.join(''), MAX_WHOLE)}\n`, source, line, column };
}

/** A value within text: strings without quotes, and instead of a value what went wrong. */
async function said(where: Where, expression: string): Promise<string> {
  try {
    const value = await valueOf(where, `(${expression}\n)`);
    return value.type === 'string' ? String(value.value) : show(value);
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}
