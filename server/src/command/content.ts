/** Converts file content and program input between the text in messages and the bytes in the sandbox. */
import { isUtf8 } from 'node:buffer';
import { invalidParam, ProtocolError, type TextEncoding } from '../protocol/index.ts';
import { MAX_FILE_BYTES } from '../runtime/ports.ts';

/** `field` is the param that errors name. @throws ProtocolError FileTooLarge, or InvalidParams if it is not base64 */
export function decodeContent(content: string, encoding: TextEncoding | undefined, field: string): Buffer {
  const bytes = decode(content, encoding, field);
  if (bytes.length <= MAX_FILE_BYTES) return bytes;
  throw new ProtocolError(
    'FileTooLarge',
    `one message may carry at most ${MAX_FILE_BYTES} bytes of content; write it in pieces, with mode append`,
    { maxBytes: MAX_FILE_BYTES },
  );
}

export function decode(content: string, encoding: TextEncoding | undefined, field: string): Buffer {
  if (encoding !== 'base64') return Buffer.from(content);
  const bytes = Buffer.from(content, 'base64');
  // Node skips characters that are not base64, and also accepts base64url. The length of the result and the check for - and _ reveal both.
  const padding = content.endsWith('==') ? 2 : content.endsWith('=') ? 1 : 0;
  if (bytes.length === (content.length / 4) * 3 - padding && !/[-_]/.test(content)) return bytes;
  throw invalidParam(field, 'is not base64');
}

/** Uses the encoding that was asked for, but always base64 for bytes that are not valid UTF-8. */
export function encodeContent(bytes: Buffer, asked: TextEncoding | undefined): { content: string; encoding: TextEncoding } {
  const encoding = asked === 'base64' || !isUtf8(bytes) ? 'base64' : 'utf-8';
  return { content: bytes.toString(encoding === 'base64' ? 'base64' : 'utf8'), encoding };
}
