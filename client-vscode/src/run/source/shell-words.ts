/** Converts between lists and the one line of an input box: words quoted as in a shell, assignments, lines of input. */

/** Splits at blanks. Quotes and backslashes keep blanks in a word. @throws SyntaxError with the quote that is not closed */
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
    } else if (/[ \t-\r]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') throw new SyntaxError(quote);
  if (word !== undefined) words.push(word);
  return words;
}

/** Quotes the words so that `splitWords` gives them back. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/** Reads `A=1 B='two words'`. @throws SyntaxError with the word that is not an assignment */
export function parseEnvironment(text: string): Record<string, string> {
  return Object.fromEntries(
    splitWords(text).map((word) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
      if (name === undefined || value === undefined) throw new SyntaxError(word);
      return [name, value];
    }),
  );
}

/** Writes the variables in the order of their names. */
export function formatEnvironment(env: Readonly<Record<string, string>>): string {
  return joinWords(Object.keys(env).sort().map((name) => `${name}=${env[name]}`));
}

/** Writes lines of input in one line. The end of the last line is left out. */
export function escapeLines(text: string): string {
  return text.replace(/\n$/, '').replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** Reads lines of input. The last line gets an end if it has none. */
export function unescapeLines(text: string): string {
  return text.replace(/\\(.)/gs, (_, char: string) => (char === 'n' ? '\n' : char)).replace(/\n?$/, '\n');
}
