/** Quoting for a POSIX shell. */

/** One word that the shell reads as exactly this text. The text has no NUL in it. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
