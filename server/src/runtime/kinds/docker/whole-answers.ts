/** Has a request fail whose answer breaks off. docker-modem waits for the rest of it, which never comes. */
import type { Agent, ClientRequest } from 'node:http';

/** By this, Node gives each request to its agent. Its types don't have it. */
interface Requests {
  addRequest(request: ClientRequest, ...more: unknown[]): void;
}

/** Returns `agent`. Its requests fail with ECONNRESET as those that have no answer at all. */
export function wholeAnswers<T extends Agent>(agent: T): T {
  const requests = agent as unknown as Requests;
  const add = requests.addRequest.bind(agent);
  requests.addRequest = (request, ...more) => {
    request.once('response', (response) => response.once('close', () => {
      if (!response.complete) request.emit('error', Object.assign(new Error('the connection broke in the middle of its answer'), { code: 'ECONNRESET' }));
    }));
    add(request, ...more);
  };
  return agent;
}
