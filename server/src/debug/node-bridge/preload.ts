/**
 * The first thing that a debugged program loads, in its main thread: it starts the thread that carries the inspector's
 * messages, and waits until the bridge lets the program begin.
 */
import * as modules from 'node:module';
import { isMainThread, Worker } from 'node:worker_threads';

/** @param file of the bundle, which is also what the thread runs */
export function hold(process: NodeJS.Process, file: string): void {
  forget(process, file);
  // In the threads of the program Node requires this file too. They are reached through the main thread.
  if (!isMainThread) return;
  const gate = new Int32Array(new SharedArrayBuffer(4));
  new Worker(file, { workerData: gate, execArgv: [], env: {} }).unref();
  Atomics.wait(gate, 0, 0);
}

/** What the types of Node leave out. */
const { _cache, _pathCache } = modules.Module as unknown as Readonly<Record<'_cache' | '_pathCache', Record<string, unknown>>>;

/** The program finds no trace of the file in the module loader, and its children are not started with it. */
function forget(process: NodeJS.Process, file: string): void {
  const at = process.execArgv.indexOf(file);
  if (at > 0) process.execArgv.splice(at - 1, 2);
  delete _cache[file];
  for (const key of Object.keys(_pathCache)) if (_pathCache[key] === file) delete _pathCache[key];
}
