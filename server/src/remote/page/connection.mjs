/** A client of the daemon in a page: requests over a WebSocket, which are answered by id, and notifications. */

export class Connection {
  #socket;
  #waiting = new Map();
  #next = 1;

  /** `hear` is called with each notification, `closed` once at the end, with what is known of the reason. */
  constructor(token, { hear, closed }) {
    const { protocol, host } = location;
    // A page can set no headers of a WebSocket, so the token goes as the name of a subprotocol.
    this.#socket = new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/`, ['codebeaker.v1', ...(token ? [`bearer.${token}`] : [])]);
    this.#socket.onmessage = ({ data }) => this.#take(JSON.parse(data), hear);
    this.#socket.onclose = ({ code, reason }) => {
      for (const settle of this.#waiting.values()) settle({ error: { code: 0, message: 'The connection has ended.' } });
      closed(reason || `code ${code}`);
    };
  }

  /** Resolves when the daemon has let the page in, and knows it. */
  async open() {
    await new Promise((resolve, reject) => {
      this.#socket.addEventListener('open', resolve);
      this.#socket.addEventListener('close', () => reject(new Error('The daemon does not let this page in: is the token right?')));
    });
    const answer = await this.request('initialize', { processId: null, clientInfo: { name: 'the page at /docs' }, capabilities: { session: { stateChanged: true } } });
    if (answer.error) throw new Error(answer.error.message);
    this.notify('initialized', {});
    return answer.result;
  }

  /** Resolves with the answer, which has a result or an error. */
  request(method, params) {
    const id = this.#next++;
    this.#send({ jsonrpc: '2.0', id, method, params });
    return Object.assign(new Promise((resolve) => this.#waiting.set(id, resolve)), { id });
  }

  notify(method, params) {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  cancel(id) {
    this.notify('$/cancelRequest', { id });
  }

  close() {
    this.#socket.close();
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #take(message, hear) {
    if (message.method !== undefined && message.id === undefined) hear(message);
    const settle = message.method === undefined ? this.#waiting.get(message.id) : undefined;
    this.#waiting.delete(message.id);
    settle?.(message);
  }
}
