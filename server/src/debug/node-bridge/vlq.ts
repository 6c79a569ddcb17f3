/** The numbers in the `mappings` of a source map: Base64, five bits a digit, the lowest bit of a number is its sign. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...DIGITS].map((digit, value) => [digit.charCodeAt(0), value]));

/** @throws Error where the text is no such list */
export function decode(text: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = VALUES.get(text.charCodeAt(at));
    if (digit === undefined || shift > 30) throw new Error('The mappings of a source map are damaged.');
    value += (digit & 31) * 2 ** shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value % 2 === 1 ? -Math.floor(value / 2) : value / 2);
    value = 0;
    shift = 0;
  }
  if (shift > 0) throw new Error('The mappings of a source map end within a number.');
  return numbers;
}
