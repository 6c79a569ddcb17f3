/** Quotes text for a POSIX shell. The result is always on one line: a newline is written as the variable `$cb_n`. */

/** One word that the shell reads as exactly this text. The text cannot hold NUL. */
export function quote(text: string): string {
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`).replaceAll('\n', `'"$cb_n"'`)}'`;
}

/** A quoted `printf` format that prints exactly these bytes, NUL and invalid UTF-8 included. */
export function printfFormat(bytes: Buffer): string {
  let format = '';
  for (const [at, byte] of bytes.entries()) {
    // What begins with a dash would be an option.
    if (at === 0 && byte === 0x2d) format += '\\055';
    else if (byte === 0x5c) format += '\\\\';
    else if (byte === 0x25) format += '%%';
    else if (byte === 0x27) format += `'\\''`;
    else if (byte >= 0x20 && byte < 0x7f) format += String.fromCharCode(byte);
    else format += `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `'${format}'`;
}

/** Assignments before a command: `A='1' B='2' `. Names are identifiers already. */
export function assignments(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${quote(value)} `)
    .join('');
}
