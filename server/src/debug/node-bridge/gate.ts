/**
 * The gate before scripts: a thread of the program is paused before it runs anything after it has read a script, so that
 * breakpoints can be set there. Which scripts have a gate is kept in memory that the threads of the program share.
 */
import { Session } from 'node:inspector';
import { pathOf } from './paths.ts';

/** The main thread waits until this is 1. */
export const BEGUN = 0;
const SCRIPTS = 1;

/** Which scripts have a gate, by the numbers of these names in the memory. */
const gates = ['none', 'own', 'every'] as const;

export type Gate = (typeof gates)[number];

export const makeGate = (): Int32Array => {
  const gate = new Int32Array(new SharedArrayBuffer(8));
  gate[SCRIPTS] = gates.indexOf('every');
  return gate;
};

export function setGate(memory: Int32Array, gate: Gate): void {
  Atomics.store(memory, SCRIPTS, gates.indexOf(gate));
}

/** Whether a thread is paused once it has read this script. `own` leaves packages out. */
export function isGated(gate: Gate, url: string): boolean {
  if (gate === 'none' || pathOf(url) === undefined) return false;
  return gate === 'every' || !url.includes('/node_modules/');
}

/**
 * Keeps the gate in the thread that calls this. The inspector tells a session in the same thread about a script before the
 * script runs. Pauses themselves are left to the session of the bridge.
 */
export function keepGate(memory: Int32Array): void {
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params: { url } }) => {
    if (isGated(gates[Atomics.load(memory, SCRIPTS)] ?? 'every', url)) session.post('Debugger.pause');
  });
  session.post('Debugger.enable');
  session.post('Debugger.setSkipAllPauses', { skip: true });
}
