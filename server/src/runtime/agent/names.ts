/**
 * Names of files, which are bytes, as texts. A byte that is not UTF-8 becomes a character of private use, U+10FE80 to
 * U+10FEFF, and so does each byte of such a character: so every name can be told to a client, and comes back as the same
 * bytes. Half of a surrogate pair would not do: many readers of JSON refuse the whole message.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ESCAPED = /[\u{10fe80}-\u{10feff}]/u;
const ESCAPE = 0x10fe00;

export function textOf(bytes: Buffer): string {
  try {
    const text = strict.decode(bytes);
    return ESCAPED.test(text) ? escaped(bytes) : text;
  } catch {
    return escaped(bytes);
  }
}

/** Byte by byte: what begins here and is UTF-8 is decoded, everything else is escaped. */
function escaped(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at);
    text += character ?? String.fromCodePoint(ESCAPE + (bytes[at] as number));
    at += character === undefined ? 1 : Buffer.byteLength(character);
  }
  return text;
}

function characterAt(bytes: Buffer, at: number): string | undefined {
  for (let size = 1; size <= 4 && at + size <= bytes.length; size++) {
    try {
      const text = strict.decode(bytes.subarray(at, at + size));
      return ESCAPED.test(text) ? undefined : text;
    } catch {
      // It may be longer.
    }
  }
  return undefined;
}

export function bytesOf(text: string): Buffer {
  if (!ESCAPED.test(text)) return Buffer.from(text);
  const parts: Buffer[] = [];
  for (const character of text) {
    parts.push(ESCAPED.test(character) ? Buffer.from([(character.codePointAt(0) as number) - ESCAPE]) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}
