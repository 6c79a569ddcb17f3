/** Starts the worker thread. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Text } from './finding.ts';
import type { Answer } from './thread.ts';

/** The thread as the scanner sees it. It takes one text at a time. */
export interface ScanThread {
  /** Rejects if the thread ends before it answers. */
  ask(text: Text): Promise<Answer>;
  end(): Promise<void>;
}

/** In the built daemon, and where the build puts it as seen from the sources. */
const places = ['../scan/', '../../dist/scan/'];
/** The grammars have their own memory, outside this. */
const MAX_HEAP_MB = 128;

/** @throws Error where the files are missing */
export function startThread(): ScanThread {
  const file = threadFile();
  const worker = new Worker(file, { workerData: { folder: dirname(file) }, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB }, env: {}, execArgv: [], stdin: false });
  // What waits for an answer keeps the process alive by itself.
  worker.unref();
  return {
    ask: (text) =>
      new Promise((resolve, reject) => {
        const settled = () => {
          worker.off('message', answered).off('error', failed).off('exit', ended);
        };
        const answered = (answer: Answer) => (settled(), resolve(answer));
        const failed = (fault: Error) => (settled(), reject(fault));
        const ended = () => (settled(), reject(new Error('the thread ended')));
        worker.on('message', answered).on('error', failed).on('exit', ended);
        worker.postMessage(text);
      }),
    end: async () => void (await worker.terminate()),
  };
}

function threadFile(): string {
  const here = createRequire(import.meta.url);
  for (const place of places) {
    try {
      return here.resolve(`${place}thread.cjs`);
    } catch {
      // It may be in the next place.
    }
  }
  throw new Error('the scanner is missing from this installation of CodeBeaker; install it again');
}
