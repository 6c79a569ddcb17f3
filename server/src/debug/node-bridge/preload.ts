/**
 * What each thread of a debugged program loads first. The main thread starts the thread that carries the inspector's
 * messages, and waits until the bridge lets the program begin.
 */
import * as modules from 'node:module';
import { getEnvironmentData, isMainThread, setEnvironmentData, Worker } from 'node:worker_threads';
import { BEGUN, keepGate, makeGate } from './gate.ts';

/** Under this name the threads of the program get the memory that they share. */
const SHARED = 'codebeaker debug';

/** @param file of the bundle, which is also what the thread for the messages runs */
export function hold(process: NodeJS.Process, file: string): void {
  forget(process, file);
  const known = getEnvironmentData(SHARED);
  if (!isMainThread && known instanceof Int32Array) return keepGate(known);
  const gate = makeGate();
  setEnvironmentData(SHARED, gate);
  new Worker(file, { workerData: gate, execArgv: [], env: {} }).unref();
  Atomics.wait(gate, BEGUN, 0);
  keepGate(gate);
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
