/** JavaScript and TypeScript in Deno: the sandbox itself starts the bridge of `debug/node-bridge` with Deno, which may do there what no program of it may. */
import type { Isolation } from '../../protocol/index.ts';
import type { DebugPlace, FoundAdapter, MissingAdapter } from '../adapter.ts';

/** Deno's inspector listens at loopback. Where that is the loopback of the machine, every program of the machine could reach it. */
export function hasOwnNetwork({ layers }: Isolation): boolean {
  return layers.some(({ name, state }) => name === 'network' && state === 'enforced');
}

export async function findInDeno({ isolation, interpreter, program, args, terminal, version }: DebugPlace): Promise<FoundAdapter | MissingAdapter> {
  if (!hasOwnNetwork(isolation)) return { missing: 'here Deno runs without bubblewrap, so its debugger would listen at a port of this machine, where every program could reach it' };
  if (terminal) return { missing: 'what Deno runs cannot be debugged in a terminal', hint: 'use a runtime that has Node, or no terminal (without pty; in codebeaker dap "console": "internalConsole")' };
  return { name: 'Deno', version: (await version()) ?? 'unknown', command: [interpreter, 'run', program, ...args], wake: '', inSandbox: true, env: () => ({}) };
}
