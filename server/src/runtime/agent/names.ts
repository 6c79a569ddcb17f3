/**
 * Names of files, which are bytes, as texts. A byte that is not UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF, as in
 * Python's `surrogateescape`: so every name can be told to a client, and comes back as the same bytes.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONE = /[\udc80-\udcff]/;
const ESCAPE = 0xdc00;

export function textOf(bytes: Buffer): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escaped(bytes);
  }
}

/** Byte by byte: what begins here and is UTF-8 is decoded, everything else is escaped. */
function escaped(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at);
    text += character ?? String.fromCharCode(ESCAPE + (bytes[at] as number));
    at += character === undefined ? 1 : Buffer.byteLength(character);
  }
  return text;
}

function characterAt(bytes: Buffer, at: number): string | undefined {
  for (let size = 1; size <= 4 && at + size <= bytes.length; size++) {
    try {
      return strict.decode(bytes.subarray(at, at + size));
    } catch {
      // It may be longer.
    }
  }
  return undefined;
}

export function bytesOf(text: string): Buffer {
  if (!LONE.test(text)) return Buffer.from(text);
  const parts: Buffer[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    const alone = character.length === 1 && code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
    parts.push(alone ? Buffer.from([code - ESCAPE]) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}
