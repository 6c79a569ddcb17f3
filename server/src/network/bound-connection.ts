/** A connection of a program to a host that gets headers: its requests go on, one after the other, on one connection to the real host. */
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { exchange, headersOnward, hostOf, pairsOf } from './exchange.ts';
import { formatTarget, parseAuthority, type Target } from './hosts.ts';
import type { Line } from './line.ts';
import { Refusal } from './refusal.ts';

export interface BoundConnectionParts {
  /** What the program says, as plain text. */
  readonly program: Duplex;
  /** The way to the real host. Rejects with a Refusal. */
  readonly host: Promise<Duplex>;
  readonly target: Target;
  /** Headers by their names. */
  readonly added: Readonly<Record<string, string>>;
  redact(text: string): string;
}

const HTTPS = 443;

/** Invariant: when the host ends its connection, the program's ends with it, so that to the program it is as without the daemon. */
export class BoundConnection {
  readonly program: Duplex;
  readonly #parts: BoundConnectionParts;
  readonly #agent: Promise<OneConnection>;
  #busy = false;

  constructor(parts: BoundConnectionParts) {
    this.#parts = parts;
    this.program = parts.program;
    this.#agent = parts.host.then((connection) => new OneConnection(connection));
    this.#agent.then(
      ({ connection }) => {
        this.program.once('close', () => connection.destroy());
        connection.once('end', () => this.#follow(connection)).once('close', () => this.#follow(connection));
        // Its end is seen only by who reads.
        connection.resume();
        if (this.program.destroyed) connection.destroy();
      },
      // The first request is told.
      () => undefined,
    );
  }

  /** Answers one request, after those before it. @throws Refusal */
  async forward(asked: IncomingMessage, answer: ServerResponse, line: Line): Promise<void> {
    const { target, added, redact } = this.#parts;
    requireSense(asked, target);
    const agent = await this.#agent;
    if (isOver(agent.connection)) return void asked.socket.destroy();
    this.#busy = true;
    const onward = request({ agent, setHost: false, method: asked.method, path: asked.url, headers: headersOnward(asked, hostOf(target, HTTPS), added) });
    onward.prependOnceListener('response', () => {
      answer.shouldKeepAlive &&= onward.shouldKeepAlive;
    });
    await exchange({ asked, answer, onward, connection: agent.connection, line, told: redact });
    answer.once('close', () => {
      this.#busy = false;
      this.#follow(agent.connection);
    });
  }

  /** An answer under way is brought to its end before. */
  #follow(connection: Duplex): void {
    if (this.#busy || !isOver(connection)) return;
    connection.destroy();
    this.program.end();
  }
}

function isOver({ readableEnded, destroyed }: Duplex): boolean {
  return readableEnded || destroyed;
}

/** @throws Refusal where it is not a plain request for this very host */
function requireSense({ url = '', headers, rawHeaders }: IncomingMessage, target: Target): void {
  const place = formatTarget(target);
  if (!url.startsWith('/')) throw new Refusal('malformed', `a request on a connection to ${place} needs a path that begins with a slash`);
  const hosts = pairsOf(rawHeaders).filter(([name]) => name.toLowerCase() === 'host');
  const named = hosts.length === 1 ? parseAuthority(headers.host ?? '', HTTPS) : undefined;
  if (!named || formatTarget(named) !== place) throw new Refusal('malformed', `a request on a connection to ${place} needs one header Host, which says the same`);
  if (headers.upgrade !== undefined) throw new Refusal('malformed', `a secret of this session is bound to ${place}, so only HTTP/1.1 can be spoken there, and no ${headers.upgrade.slice(0, 40)}`);
}

/** Sends every request on one connection, as long as that lasts. */
class OneConnection extends Agent {
  constructor(readonly connection: Duplex) {
    super({ keepAlive: true, maxSockets: 1 });
  }

  override createConnection(): Duplex {
    return this.connection;
  }
}
