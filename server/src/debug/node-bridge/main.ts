/**
 * A bridge from the Debug Adapter Protocol to the inspector of Node, and of Deno. It is bundled into one file, which is put
 * into a sandbox and plays three parts there: the bridge (`node FILE`, which speaks DAP on its standard streams), what the
 * debugged program loads before anything else (`node --require FILE program`), and the thread that carries the inspector's
 * messages. In Deno it is the bridge only, and a variable says how the program is started. For a program in a terminal the
 * bridge runs there itself (`node FILE --terminal PORT`), and speaks DAP on a connection to that port.
 */
import { connect } from 'node:net';
import { isMainThread, workerData } from 'node:worker_threads';
import { type Ahead, startingAhead } from './ahead.ts';
import { Bridge } from './bridge.ts';
import { carry } from './channel.ts';
import { DapStream } from './dap-stream.ts';
import { COMMAND_VARIABLE, startingInDeno } from './in-deno.ts';
import { startInNode } from './in-node.ts';
import { hold, type Shared } from './preload.ts';

if (require.main !== module) hold(process, __filename);
else if (!isMainThread) {
  const { memory, port } = workerData as Shared;
  carry(process, { memory, become: (params) => port.postMessage(params) });
} else {
  const [, , first, port] = process.argv;
  const terminal = first === '--terminal';
  const parts = { file: __filename, process, terminal };
  // What the program will be started with, as an object in JSON.
  const ahead = terminal ? undefined : first;
  const start = process.env[COMMAND_VARIABLE] !== undefined ? startingInDeno(parts) : ahead === undefined ? startInNode : startingAhead(JSON.parse(ahead) as Ahead, parts);
  const connection = terminal ? connect(Number(port), '127.0.0.1').setNoDelay() : undefined;
  const stream = new DapStream(connection ?? process.stdin, connection ?? process.stdout);
  const bridge = new Bridge(stream, { ...parts, start }, () => process.exit(0));
  // In a terminal, what a person types is for the program, which decides what it does with that.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, () => terminal || bridge.end());
  process.on('SIGHUP', () => bridge.end());
  if (!terminal) process.stdout.on('error', () => bridge.end());
}
