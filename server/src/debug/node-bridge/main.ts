/**
 * A bridge from the Debug Adapter Protocol to the inspector of Node. It is bundled into one file, which is put into a
 * sandbox and plays three parts there: the bridge (`node FILE`, which speaks DAP on its standard streams), what the debugged
 * program loads before anything else (`node --require FILE program`), and the thread that carries the inspector's messages.
 */
import { isMainThread, workerData } from 'node:worker_threads';
import { Bridge } from './bridge.ts';
import { carry } from './channel.ts';
import { DapStream } from './dap-stream.ts';
import { hold } from './preload.ts';

if (require.main !== module) hold(process, __filename);
else if (!isMainThread) carry(process, workerData as Int32Array);
else {
  const stream = new DapStream(process.stdin, process.stdout);
  const bridge = new Bridge(stream, { file: __filename, process }, () => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => bridge.end());
  process.stdout.on('error', () => bridge.end());
}
