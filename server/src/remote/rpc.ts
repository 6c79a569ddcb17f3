/** `POST /rpc`: one request of the protocol in one of HTTP. All of them share one connection, whose sessions outlive each of them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Exit, Initialize, ProtocolError, SessionAttach, SessionDetach, Shutdown } from '../protocol/index.ts';
import { type Id, type Incoming, readMessage } from '../wire/message.ts';
import { answerText } from './answer.ts';
import { readBody } from './body.ts';
import { type Connect, visit, type Visitor } from './visitor.ts';

/** These are about a connection, and nobody may end that of the others. */
const connections: readonly string[] = [Initialize.name, Shutdown.name, Exit.name, SessionAttach.name, SessionDetach.name];

export class Rpc {
  readonly #connect: Connect;
  readonly #maxBytes: number;
  #visitor: Visitor | undefined;

  constructor(connect: Connect, maxBytes: number) {
    this.#connect = connect;
    this.#maxBytes = maxBytes;
  }

  /** @throws BadRequest */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = readMessage(await readBody(request, this.#maxBytes));
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    if (message.kind === 'notification') {
      if (!connections.includes(message.method) && !message.method.startsWith('$/')) this.#client().notify(message.method, message.params);
      response.writeHead(204).end();
    } else {
      answerText(response, message.kind === 'request' ? 200 : 400, 'application/json', await this.#answer(message, gone.signal));
    }
  }

  async #answer(message: Exclude<Incoming, { kind: 'notification' }>, signal: AbortSignal): Promise<string> {
    if (message.kind === 'invalid') return failed(message.id, message.error);
    if (message.kind === 'response') return failed(null, new ProtocolError('InvalidRequest', 'The daemon has asked nothing.'));
    const { id, method, params } = message;
    if (connections.includes(method)) return failed(id, new ProtocolError('MethodNotFound', `${method} is for a connection: POST /rpc has none of its own.`, { method }));
    const answer = await this.#client().request(method, params, signal);
    return 'result' in answer ? text(id, 'result', answer.result) : text(id, 'error', answer.error);
  }

  /** The connection that all requests share. It is made for the first of them. */
  #client(): Visitor['client'] {
    if (!this.#visitor) {
      const visitor = visit(this.#connect, 'POST /rpc');
      this.#visitor = visitor;
      void visitor.served.done.then(() => this.#visitor === visitor && (this.#visitor = undefined));
    }
    return this.#visitor.client;
  }
}

function failed(id: Id | null, { code, message, data }: ProtocolError): string {
  return text(id, 'error', JSON.stringify({ code, message, data }));
}

/** `json` is the value of the member. */
function text(id: Id | null, member: 'result' | 'error', json: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"${member}":${json}}\n`;
}
