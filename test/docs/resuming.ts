/** The program around the two examples of a client whose connection is lost: `request` sends, and what is heard is acknowledged. */

export function resuming(url: string, token: string, begins: string, goesOn: string): string {
  return `
import { WebSocket } from 'ws';
const code = 'print("one", flush=True)\\nimport time\\ntime.sleep(1)\\nprint("two", flush=True)';
let text = '';
let lastSeq = -1;
let heard = () => undefined;

function connect() {
  const webSocket = new WebSocket(${JSON.stringify(url)}, 'codebeaker.v1', { headers: { Authorization: ${JSON.stringify(`Bearer ${token}`)} } });
  const waiting = new Map();
  const send = (message) => webSocket.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
  const request = (method, params) => new Promise((resolve, reject) => {
    waiting.set(waiting.size, { resolve, reject });
    send({ id: waiting.size - 1, method, params });
  });
  webSocket.on('message', (data) => {
    const { id, method, params, result, error } = JSON.parse(data);
    if (method === 'command/output') {
      text += params.data;
      lastSeq = params.seq;
      send({ method: 'command/ack', params: { commandId: params.commandId, seq: params.seq } });
      heard();
    } else if (error) waiting.get(id)?.reject(new Error(error.message));
    else waiting.get(id)?.resolve(result);
  });
  return new Promise((resolve) => webSocket.on('open', () => resolve({ webSocket, request })));
}

const first = await connect();
const output = new Promise((resolve) => (heard = resolve));
const { sessionId, resumeToken } = await (async ({ request }) => {
${begins}
return { sessionId, resumeToken };
})(first);
await output;
first.webSocket.terminate();

const second = await connect();
const result = await (async ({ request }) => {
${goesOn}
return result;
})(second);
second.webSocket.close();
console.log(text + result.outcome);
`;
}
