/**
 * What each thread of a debugged program loads first. The main thread starts the thread that carries the inspector's
 * messages, and waits until the bridge lets the program begin.
 */
import * as modules from 'node:module';
import { resolve } from 'node:path';
import { getEnvironmentData, isMainThread, MessageChannel, type MessagePort, receiveMessageOnPort, setEnvironmentData, Worker } from 'node:worker_threads';
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
  const { port1: here, port2: there } = new MessageChannel();
  new Worker(file, { workerData: { memory: gate, port: there } satisfies Shared, transferList: [there], execArgv: [], env: {} }).unref();
  Atomics.wait(gate, BEGUN, 0);
  const said = receiveMessageOnPort(here);
  here.close();
  if (said) become(process, said.message as Become);
  keepGate(gate);
}

/** What the thread that carries the messages gets. */
export interface Shared {
  readonly memory: Int32Array;
  /** Takes what the program is. */
  readonly port: MessagePort;
}

interface Become {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

/** Has this process run another file than the one of its command line. */
function become(process: NodeJS.Process, { file, args, cwd }: Become): void {
  if (cwd !== undefined) process.chdir(cwd);
  const main = resolve(file);
  process.argv.splice(1, Infinity, main, ...args);
  const { runMain } = Module;
  Module.runMain = () => {
    Module.runMain = runMain;
    return runMain(main);
  };
}

/** What the types of Node leave out. */
const Module = modules.Module as unknown as Readonly<Record<'_cache' | '_pathCache', Record<string, unknown>>> & { runMain(main: string): unknown };
const { _cache, _pathCache } = Module;

/** The program finds no trace of the file in the module loader, and its children are not started with it. */
function forget(process: NodeJS.Process, file: string): void {
  const at = process.execArgv.indexOf(file);
  if (at > 0) process.execArgv.splice(at - 1, 2);
  delete _cache[file];
  for (const key of Object.keys(_pathCache)) if (_pathCache[key] === file) delete _pathCache[key];
}
