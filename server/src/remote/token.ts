/** The token that every client of a listening daemon has to know, and how what a client says is compared with it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A token of so many characters has at least 128 bits if it is hexadecimal, and more otherwise. */
export const MIN_TOKEN_LENGTH = 32;

/** These characters may stand in a header and in the name of a subprotocol. */
const TOKEN = /^[A-Za-z0-9._~-]+$/;
/** How a browser gives it, which cannot set headers of a WebSocket: as the name of a subprotocol. */
const SUBPROTOCOL = 'bearer.';

export class Token {
  readonly #digest: Buffer;

  /** @throws Error that says what is wrong with the text; it never has the text in it */
  constructor(text: string) {
    if (text.length < MIN_TOKEN_LENGTH) throw new Error(`the token has ${text.length} characters, and needs at least ${MIN_TOKEN_LENGTH}`);
    if (!TOKEN.test(text)) throw new Error('the token may have only letters, digits and . _ ~ -');
    this.#digest = sha256(text);
  }

  /** Takes the same time for every text of the same length. */
  matches(text: string): boolean {
    return timingSafeEqual(sha256(text), this.#digest);
  }
}

/** What a request says is its token: in `Authorization: Bearer TOKEN`, or as the subprotocol `bearer.TOKEN`. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const [, bearer] = /^bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return bearer ?? offered.find((name) => name.startsWith(SUBPROTOCOL))?.slice(SUBPROTOCOL.length);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
