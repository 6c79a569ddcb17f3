// Converses with the daemon by way of vscode-jsonrpc, the library of VS Code's language clients.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { CancellationTokenSource, createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';

const { DAEMON, PROGRAM, REPORT } = process.env;
const daemon = spawn(DAEMON, { stdio: ['pipe', 'pipe', 'inherit'] });
const ended = new Promise((resolve) => daemon.on('exit', resolve));
const connection = createMessageConnection(new StreamMessageReader(daemon.stdout), new StreamMessageWriter(daemon.stdin));
let output = '';
connection.onNotification('command/output', async ({ commandId, data }) => {
  if (output === '') await connection.sendNotification('command/input', { commandId, data: 'two\n' });
  output += data;
});
connection.listen();

await connection.sendRequest('initialize', { processId: process.pid, capabilities: {} });
await connection.sendNotification('initialized', {});
const { sessionId } = await connection.sendRequest('session/create', { runtime: 'native', language: 'shellscript' });
const { exitCode } = await connection.sendRequest('command/runCode', { sessionId, code: PROGRAM, interactive: true, commandId: 'run' });
const error = await connection.sendRequest('command/readFile', { sessionId, path: 'missing' }).catch(({ code }) => code);
const source = new CancellationTokenSource();
const sleeping = connection.sendRequest('command/executeShell', { sessionId, command: 'sleep 60', commandId: 'sleep' }, source.token);
source.cancel();
const { outcome: cancelled } = await sleeping;
const { closed } = await connection.sendRequest('session/close', { sessionId });
await connection.sendRequest('shutdown');
await connection.sendNotification('exit');
writeFileSync(REPORT, JSON.stringify({ output, exitCode, error, cancelled, closed, daemon: await ended }));
connection.dispose();
