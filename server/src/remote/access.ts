/** Decides whether a request may come in: by the host that it names, the page that it comes from, and its token. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type Token, tokenOf } from './token.ts';

export interface AccessRules {
  /** Names by which this daemon may be called, besides localhost and addresses. */
  readonly hosts: readonly string[];
  /** Pages of these origins may call it, besides its own. */
  readonly origins: readonly string[];
  /** undefined: whoever can connect is let in. */
  readonly token: Token | undefined;
}

/** Why a request is refused: an HTTP status, and words for whoever sent it. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/**
 * What is wrong with a request, whoever sent it. A page that has made its own name lead to this machine (DNS rebinding)
 * still gives that name as Host, so names are allowed one by one. Addresses are no names.
 */
export function refusalOf({ headers }: IncomingMessage, { hosts, origins }: AccessRules): Refusal | undefined {
  const host = headers.host?.toLowerCase() ?? '';
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '');
  const isAddress = isIP(name) === 4 || isIP(name.replace(/^\[(.*)\]$/, '$1')) === 6;
  if (!isAddress && name !== 'localhost' && !hosts.some((allowed) => allowed.toLowerCase() === name)) {
    return { status: 421, message: 'This daemon is not known by this name: start it with --allow-host NAME, or call it by its address.' };
  }
  const { origin } = headers;
  if (origin === undefined || origins.includes(origin) || /^https?:\/\/(.*)$/.exec(origin.toLowerCase())?.[1] === host) return undefined;
  return { status: 403, message: 'Pages of this origin may not use this daemon: start it with --allow-origin ORIGIN.' };
}

/** Whether whoever sent the request has shown the token. */
export function isKnown({ headers }: IncomingMessage, { token }: AccessRules): boolean {
  if (!token) return true;
  const given = tokenOf(headers);
  return given !== undefined && token.matches(given);
}

export const unknown: Refusal = { status: 401, message: 'The token is missing or wrong: send Authorization: Bearer TOKEN.' };
