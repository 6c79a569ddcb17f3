/** The agent as a program file. There is one for each kind of machine, made by server/agent/build.sh. */
import { chmod, copyFile } from 'node:fs/promises';
import { join } from 'node:path';

/** As the kernel names them. */
export type Machine = 'x86_64' | 'aarch64';
export const machines: readonly Machine[] = ['x86_64', 'aarch64'];

export function hasAgent(machine: string | undefined): machine is Machine {
  return machines.some((each) => each === machine);
}

/** Where the program file is. In the sources and in the built daemon that is beside different files. */
export function agentFile(machine: Machine): string {
  const here = import.meta.dirname;
  const folder = /[\\/]src[\\/]runtime[\\/]agent$/.test(here) ? join(here, '../../../agent/bin') : join(here, 'agent');
  return join(folder, `agent-${machine}`);
}

/** Copies it to a place where every user of this host can execute it, and a container engine can mount it. */
export async function installAgent(machine: Machine, path: string): Promise<void> {
  await copyFile(agentFile(machine), path);
  await chmod(path, 0o555);
}
