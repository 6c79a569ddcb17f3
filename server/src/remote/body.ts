/** Reads the body of a request, which is JSON and no longer than it may be. */
import type { IncomingMessage } from 'node:http';

/** Why a request is refused. */
export class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws BadRequest */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (!/^application\/json(?:;|$)/i.test(request.headers['content-type'] ?? '')) throw new BadRequest(415, 'The body must be JSON: send Content-Type: application/json.');
  const tooLong = new BadRequest(413, `The body is longer than ${maxBytes} bytes (sizes.messageBytes in the configuration).`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLong;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLong;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
