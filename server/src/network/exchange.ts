/** One request of HTTP on its way to a host, and its answer on the way back: as they are, but for the headers that are about a connection alone. */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { formatTarget, type Target } from './hosts.ts';
import { Passage } from './join.ts';
import type { Line } from './line.ts';
import { Refusal } from './refusal.ts';

/** The headers that are about one connection and not about the request (RFC 9110, section 7.6.1), and those that are made anew. */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect']);

export interface Exchange {
  readonly asked: IncomingMessage;
  readonly answer: ServerResponse;
  readonly onward: ClientRequest;
  /** Leads to the host. */
  readonly connection: Duplex;
  readonly line: Pick<Line, 'moved'>;
  /** A text of the head of the answer, as the program is to see it. */
  told?(text: string): string;
}

/** Sends the request on, and its answer back. Resolves when the answer is over, whole or cut off. @throws Refusal where there is no answer */
export function exchange({ asked, answer, onward, connection, line, told = (text) => text }: Exchange): Promise<void> {
  return new Promise((resolve, reject) => {
    let over = false;
    const cut = () => {
      if (over) return;
      over = true;
      connection.destroy();
      asked.socket.destroy();
      resolve();
    };
    const passage = new Passage(line.moved, cut);
    const end = () => {
      over = true;
      resolve();
    };
    // A host may end a connection that was used before whenever it likes. Its programs know that, and ask again.
    onward.on('error', () => (answer.headersSent || onward.reusedSocket ? cut() : reject(new Refusal('unreachable', 'the host ended the connection before it had answered'))));
    onward.on('upgrade', () => reject(new Refusal('unreachable', 'the host answered with another protocol, for which nobody had asked')));
    onward.on('response', (response) => {
      try {
        answer.writeHead(response.statusCode ?? 502, told(response.statusMessage ?? ''), forwarded(response.rawHeaders).flat().map(told));
      } catch {
        return reject(new Refusal('unreachable', 'the answer of the host is no valid HTTP'));
      }
      passage.pump(response, answer);
      response.on('aborted', cut).on('error', cut).on('end', () => passage.isOver || end());
    });
    answer.on('close', () => answer.writableFinished || cut());
    // Heads are not counted, but something has moved.
    line.moved(0);
    passage.pump(asked, onward);
    asked.on('aborted', cut);
  });
}

/** Where a request goes has been decided, so the header Host says the same. What is `added` takes the place of what the program sent under these names. */
export function headersOnward({ headers, rawHeaders }: IncomingMessage, host: string, added: Readonly<Record<string, string>>): string[] {
  const chunked = headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked'];
  const replaced = new Set(['host', ...Object.keys(added).map((name) => name.toLowerCase())]);
  const rest = forwarded(rawHeaders).filter(([name]) => !replaced.has(name.toLowerCase()));
  return ['Host', host, ...rest.flat(), ...Object.entries(added).flat(), ...chunked];
}

/** Without the port, where that is the `standard` one. */
export function hostOf(target: Target, standard: number): string {
  const text = formatTarget(target);
  return target.port === standard ? text.slice(0, -`:${standard}`.length) : text;
}

export function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  return rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as [string, string]] : []));
}

/** The headers that are about the request or the answer itself; `Connection` names others that are not. */
function forwarded(rawHeaders: readonly string[]): [string, string][] {
  const pairs = pairsOf(rawHeaders);
  const named = pairs.filter(([name]) => name.toLowerCase() === 'connection').flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/));
  const dropped = new Set([...ofConnection, ...named]);
  dropped.delete('content-length');
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase()));
}
