/** Estimates, before a JSON text is parsed, whether the result would take too much memory. */

/** A value of two bytes of text can take a hundred bytes in memory; more values than this could fill the memory of the process. */
export const MAX_VALUES = 1_000_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;

/** Whether the text contains more than `MAX_VALUES` values. The count is exact only for valid JSON; any text takes one pass. */
export function isTooHeavy(body: Buffer): boolean {
  // Every value takes at least one byte of text.
  if (body.length <= MAX_VALUES) return false;
  let values = 1;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) at = endOfString(body, at);
    else if (byte === COMMA || byte === BRACKET || byte === BRACE) values += 1;
    if (values > MAX_VALUES) return true;
  }
  return false;
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(body: Buffer, start: number): number {
  let quote = body.indexOf(QUOTE, start + 1);
  while (quote >= 0 && isEscaped(body, start, quote)) quote = body.indexOf(QUOTE, quote + 1);
  return quote < 0 ? body.length : quote;
}

function isEscaped(body: Buffer, start: number, quote: number): boolean {
  let at = quote - 1;
  while (at > start && body[at] === BACKSLASH) at -= 1;
  return (quote - 1 - at) % 2 === 1;
}
