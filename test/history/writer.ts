/** A daemon as far as the history is concerned, for a test that kills it: it adds entries without end, and prints the id of each that is written. */
import { randomBytes } from 'node:crypto';
import { HistoryFiles } from '../../server/src/history/files.ts';
import { historyPolicy } from '../../server/src/policy/history.ts';

const files = new HistoryFiles(process.argv[2] ?? '', historyPolicy({ history: { maxEntries: 1_000_000 } }));
for (;;) {
  const entryId = randomBytes(8).toString('hex');
  await files.append([{ entryId, at: new Date().toISOString(), sessionId: 's', method: 'command/runCode', runtime: 'fake', outcome: 'exited', exitCode: 0, signal: null, durationMs: 1, stdoutBytes: 0, stderrBytes: 0 }], Date.now());
  process.stdout.write(`${entryId}\n`);
}
