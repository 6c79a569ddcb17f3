/** File content and program input between text on the wire and bytes in the sandbox. */
import { isUtf8 } from 'node:buffer';
import { invalidParam, ProtocolError, type TextEncoding } from '../protocol/index.ts';
import { MAX_FILE_BYTES } from '../runtime/ports.ts';

/** @throws ProtocolError FileTooLarge, InvalidParams (not base64) */
export function decodeContent(content: string, encoding: TextEncoding | undefined, field: string): Buffer {
  const bytes = decode(content, encoding, field);
  if (bytes.length <= MAX_FILE_BYTES) return bytes;
  throw new ProtocolError(
    'FileTooLarge',
    `one message carries at most ${MAX_FILE_BYTES} bytes of content; write it in pieces with mode append`,
    { maxBytes: MAX_FILE_BYTES },
  );
}

export function decode(content: string, encoding: TextEncoding | undefined, field: string): Buffer {
  if (encoding !== 'base64') return Buffer.from(content);
  const bytes = Buffer.from(content, 'base64');
  // Node passes over what is not base64, and takes that of URLs as well: then there is less of it, or it is other text.
  const padding = content.endsWith('==') ? 2 : content.endsWith('=') ? 1 : 0;
  if (bytes.length === (content.length / 4) * 3 - padding && !/[-_]/.test(content)) return bytes;
  throw invalidParam(field, 'is not base64');
}

/** As asked, but what is not UTF-8 is base64. */
export function encodeContent(bytes: Buffer, asked: TextEncoding | undefined): { content: string; encoding: TextEncoding } {
  const encoding = asked === 'base64' || !isUtf8(bytes) ? 'base64' : 'utf-8';
  return { content: bytes.toString(encoding === 'base64' ? 'base64' : 'utf8'), encoding };
}
