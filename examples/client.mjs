// A complete client of the daemon, which runs a file in a sandbox: node examples/client.mjs python examples/hello.py
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [language, file] = process.argv.slice(2);
const program = fileURLToPath(new URL('../server/bin/codebeaker.js', import.meta.url));
const daemon = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
const waiting = [];
let received = Buffer.alloc(0);

function send(message) {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  daemon.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
const request = (method, params) => new Promise((resolve) => send({ id: waiting.push(resolve) - 1, method, params }));

daemon.stdout.on('data', (chunk) => {
  received = Buffer.concat([received, chunk]);
  for (let body; (body = received.indexOf('\r\n\r\n') + 4) > 3; ) {
    const end = body + Number(/\d+/.exec(received.subarray(0, body)));
    if (received.length < end) return;
    const { id, method, params, result, error } = JSON.parse(received.subarray(body, end));
    received = received.subarray(end);
    if (error) throw new Error(error.message);
    if (method === 'command/output') process[params.stream].write(params.data);
    else if (id !== undefined) waiting[id](result);
  }
});
await request('initialize', { processId: process.pid, capabilities: {} });
send({ method: 'initialized', params: {} });
const { sessionId } = await request('session/create', { language });
const { exitCode } = await request('command/runCode', { sessionId, code: readFileSync(file, 'utf8'), commandId: 'run' });
daemon.stdin.end();
process.exitCode = exitCode ?? 1;
