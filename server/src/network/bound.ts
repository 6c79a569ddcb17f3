/** Hosts for which the daemon ends TLS itself, so that it can put headers into requests that programs must not know. */
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { Authority } from './authority.ts';
import { BoundConnection } from './bound-connection.ts';
import { formatTarget, type Target } from './hosts.ts';
import { PROTOCOLS, secure } from './secure.ts';

export interface BoundParts {
  readonly authority: Authority;
  /** The certificates that this machine trusts, for the real hosts. */
  readonly trusted: readonly string[];
  /** By the host and port that they are for, as `formatTarget` writes them: headers by their names, in place of what a program sends under these. */
  readonly headers: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly clock: Clock;
  /** The text without secrets. */
  redact(text: string): string;
}

export class BoundHosts {
  readonly #parts: BoundParts;
  readonly #identities = new Map<string, SecureContext>();
  #trust: SecureContext | undefined;

  constructor(parts: BoundParts) {
    this.#parts = parts;
  }

  /** Whether the name has headers at any port. */
  names({ host }: Target): boolean {
    return [...this.#parts.headers.keys()].some((each) => each.slice(0, each.lastIndexOf(':')) === host);
  }

  /** What serves a program on its connection to a place. `connection` leads there. undefined: nobody looks into connections to this place. */
  serve(program: Duplex, connection: Duplex, target: Target): BoundConnection | undefined {
    const { headers, trusted, clock, redact } = this.#parts;
    const added = headers.get(formatTarget(target));
    if (!added) return undefined;
    // To read all these certificates takes as long as ten handshakes.
    this.#trust ??= createSecureContext({ ca: [...trusted] });
    return new BoundConnection({ program: this.#accept(program, target.host), host: secure(connection, target, this.#trust, clock), target, added, redact });
  }

  /** The program's side, as a server of the host. A program that wants another name than it has asked the proxy for gets none. */
  #accept(program: Duplex, host: string): Duplex {
    const identity = this.#identities.get(host) ?? createSecureContext(this.#parts.authority.identity(host));
    this.#identities.set(host, identity);
    const tls = new TLSSocket(program, {
      isServer: true, secureContext: identity, ALPNProtocols: PROTOCOLS,
      SNICallback: (name, done) => (name.toLowerCase() === host ? done(null, identity) : done(new Error('the program wants another name'))),
    });
    tls.on('error', () => undefined).once('close', () => program.destroy());
    return tls;
  }
}
