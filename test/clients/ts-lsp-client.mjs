// Converses with the daemon by way of the npm package ts-lsp-client, which can't cancel a request.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { CLIENTS, DAEMON, PROGRAM, REPORT } = process.env;
const { JSONRPCEndpoint, LspClient } = createRequire(`${CLIENTS}/`)('ts-lsp-client');
const daemon = spawn(DAEMON, { stdio: ['pipe', 'pipe', 'inherit'] });
const ended = new Promise((resolve) => daemon.on('exit', resolve));
const endpoint = new JSONRPCEndpoint(daemon.stdin, daemon.stdout);
const client = new LspClient(endpoint);
let output = '';
endpoint.on('command/output', ({ commandId, data }) => {
  if (output === '') endpoint.notify('command/input', { commandId, data: 'two\n' });
  output += data;
});

await client.initialize({ processId: process.pid, capabilities: {}, rootUri: null, clientInfo: { name: 'ts-lsp-client' } });
client.initialized();
const { sessionId } = await endpoint.send('session/create', { runtime: 'native', language: 'shellscript' });
const { exitCode } = await endpoint.send('command/runCode', { sessionId, code: PROGRAM, interactive: true, commandId: 'run' });
const error = await endpoint.send('command/readFile', { sessionId, path: 'missing' }).catch(({ code }) => code);
const { closed } = await endpoint.send('session/close', { sessionId });
await client.shutdown();
client.exit();
writeFileSync(REPORT, JSON.stringify({ output, exitCode, error, closed, daemon: await ended }));
