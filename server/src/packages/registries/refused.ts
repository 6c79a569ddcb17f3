/** What the daemon does not do for a program that asks a mirror, and how it says so. */
import type { ServerResponse } from 'node:http';

/** The message is a whole sentence that the package manager shows. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status = 403,
  ) {
    super(message);
  }
}

const MAX_REASON = 300;

/** Package managers show the reason of an answer, and some of them its body. */
export function answerWithWords(response: ServerResponse, status: number, words: string): void {
  if (response.headersSent) return void response.destroy();
  const reason = words.startsWith('CodeBeaker ') ? words : `CodeBeaker: ${words}`;
  const body = `${reason}\n`;
  response.writeHead(status, reason.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_REASON), {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}
