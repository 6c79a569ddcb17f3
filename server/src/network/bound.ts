/** Hosts for which the daemon ends TLS itself, so that it can put a header into requests that the program must not know. */
import type { Duplex } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import type { Authority } from './authority.ts';
import { formatTarget, type Target } from './hosts.ts';
import { Refusal } from './refusal.ts';

/** A header that requests to a host get, in place of what the program has sent under this name. */
export interface BoundHeader {
  readonly header: string;
  readonly value: string;
}

/** A host with a header, for which this session has a certificate. */
export interface BoundHost extends BoundHeader {
  /** The text without the secret, for what the host answers. */
  redact(text: string): string;
  /** The program's side of a connection, as a server of the host. */
  accept(stream: Duplex): Duplex;
  /** The way to the real host, whose certificate is checked. @throws Refusal */
  secure(connection: Duplex): Promise<Duplex>;
}

export interface BoundParts {
  readonly authority: Authority;
  /** The certificates that this machine trusts, for the real hosts. */
  readonly trusted: readonly string[];
  /** The headers by the host and port that they are for, as `formatTarget` writes them. */
  readonly headers: ReadonlyMap<string, BoundHeader>;
  redact(text: string): string;
}

/** Only bodies of one request after the other are understood. */
const PROTOCOLS = ['http/1.1'];

export class BoundHosts {
  readonly #parts: BoundParts;

  constructor(parts: BoundParts) {
    this.#parts = parts;
  }

  /** Whether the name has a header at any port. */
  names({ host }: Target): boolean {
    return [...this.#parts.headers.keys()].some((each) => each.slice(0, each.lastIndexOf(':')) === host);
  }

  /** undefined: nobody looks into connections to this place. */
  of(target: Target): BoundHost | undefined {
    const { headers, authority, trusted, redact } = this.#parts;
    const header = headers.get(formatTarget(target));
    if (!header) return undefined;
    return {
      ...header,
      redact,
      accept: (stream) => {
        const tls = new TLSSocket(stream, { isServer: true, ...authority.identity(target.host), ALPNProtocols: PROTOCOLS });
        tls.on('error', () => undefined).once('close', () => stream.destroy());
        return tls;
      },
      secure: (connection) => secured(connection, target, trusted),
    };
  }
}

function secured(connection: Duplex, target: Target, trusted: readonly string[]): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const tls = connect({ socket: connection, servername: target.host, ca: [...trusted], ALPNProtocols: PROTOCOLS });
    const fail = (why: string) => {
      tls.destroy();
      connection.destroy();
      reject(new Refusal('unreachable', `${formatTarget(target)} can't be reached safely: ${why}`));
    };
    const early = () => fail('it ended the connection');
    tls.on('error', (fault: NodeJS.ErrnoException) => fail(`TLS failed (${fault.code ?? 'unknown'})`));
    tls.once('close', early).once('secureConnect', () => {
      tls.off('close', early);
      resolve(tls);
    });
  });
}
