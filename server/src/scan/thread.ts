/** The worker thread in which texts are scanned. It gets one text after the other and answers each. */
import { platform, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Finding, Text } from './finding.ts';
import { search } from './search.ts';
import { Syntax } from './syntax.ts';

/** What the thread answers: what it found, or that it could not read the text. */
export type Answer = { readonly findings: readonly Finding[] } | { readonly fault: string };

/** Programs that run, and the daemon's own thread, come first. */
const LOW_PRIORITY = 10;

// Only on Linux this counts for the calling thread alone.
if (platform() === 'linux') setPriority(0, LOW_PRIORITY);

const syntax = new Syntax((workerData as { readonly folder: string }).folder);

parentPort?.on('message', (text: Text) => {
  void search(syntax, text).then((findings): Answer => ({ findings }), (fault: unknown): Answer => ({ fault: String(fault) })).then((answer) => parentPort?.postMessage(answer));
});
