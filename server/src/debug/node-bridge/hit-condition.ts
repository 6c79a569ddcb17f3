/** After how many hits a breakpoint stops: a number, or a number after `==`, `>`, `>=`, `<`, `<=` or `%` (every so many hits). */

const TESTS: Readonly<Record<string, (hits: number, wanted: number) => boolean>> = {
  '==': (hits, wanted) => hits === wanted,
  '>': (hits, wanted) => hits > wanted,
  '>=': (hits, wanted) => hits >= wanted,
  '<': (hits, wanted) => hits < wanted,
  '<=': (hits, wanted) => hits <= wanted,
  '%': (hits, wanted) => wanted > 0 && hits % wanted === 0,
};

/** Undefined where the text is no such condition. */
export function hitCondition(text: string): ((hits: number) => boolean) | undefined {
  const [, operator = '', digits] = /^\s*(={0,3}|>=?|<=?|%)\s*(\d{1,15})\s*$/.exec(text) ?? [];
  const test = TESTS[/^=*$/.test(operator) ? '==' : operator];
  return digits !== undefined && test ? (hits) => test(hits, Number(digits)) : undefined;
}
