/** Command-line words as people type them: blanks part them; quotes and backslashes hold them together, as in sh. */

/** @throws SyntaxError for a quote that is not closed */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (quote === "'" ? char !== "'" : quote === '"' && char !== '"' && char !== '\\') word = (word ?? '') + char;
    else if (char === quote) quote = '';
    else if (char === '\\') word = (word ?? '') + (text[++at] ?? '');
    else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') throw new SyntaxError(quote);
  if (word !== undefined) words.push(word);
  return words;
}

/** What `splitWords` takes apart again. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/** `A=1 B='two words'`. @throws SyntaxError with the word that is no assignment */
export function parseEnvironment(text: string): Record<string, string> {
  return Object.fromEntries(
    splitWords(text).map((word) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
      if (name === undefined || value === undefined) throw new SyntaxError(word);
      return [name, value];
    }),
  );
}

export function formatEnvironment(env: Readonly<Record<string, string>>): string {
  return joinWords(Object.entries(env).map(([name, value]) => `${name}=${value}`));
}
