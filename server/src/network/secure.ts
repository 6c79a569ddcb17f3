/** TLS to the real host of a name: verified, and with HTTP/1.1 inside. */
import type { Duplex } from 'node:stream';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { type Clock, deadline } from '../base/clock.ts';
import { DIAL_MS } from './dial.ts';
import { formatTarget, type Target } from './hosts.ts';
import { Refusal } from './refusal.ts';

/** Only one request after the other is understood. */
export const PROTOCOLS = ['http/1.1'];

/** `connection` leads to the host, and is closed where this fails. @throws Refusal */
export async function secure(connection: Duplex, target: Target, secureContext: SecureContext, clock: Clock): Promise<TLSSocket> {
  // Whatever NODE_TLS_REJECT_UNAUTHORIZED says in the daemon's environment.
  const tls = connect({ socket: connection, servername: target.host, secureContext, ALPNProtocols: PROTOCOLS, rejectUnauthorized: true });
  const shaken = new Promise<void>((resolve, reject) => {
    tls.once('secureConnect', resolve).on('error', reject).once('close', () => reject(new Error('it ended the connection')));
  });
  try {
    await deadline(clock, DIAL_MS, shaken, () => new Error(`it did not answer within ${DIAL_MS / 1000} s`));
    return tls;
  } catch (fault) {
    tls.destroy();
    connection.destroy();
    throw new Refusal('unreachable', `${formatTarget(target)} can't be reached safely: ${inWords(fault as NodeJS.ErrnoException)}`);
  }
}

const words: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ECONNRESET: 'it ended the connection',
};

/** The system's own texts can have addresses and paths in them. */
function inWords({ code, message }: NodeJS.ErrnoException): string {
  if (code === undefined) return message;
  return words[code] ?? (/CERT|ISSUER|SIGNATURE/.test(code) ? `its certificate is signed by nobody whom this machine trusts (${code})` : `TLS failed (${code})`);
}
