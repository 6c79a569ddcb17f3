/** The agent as a program file. There is one for each kind of machine, made by server/agent/build.sh. */
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { undoing } from '../../base/undo.ts';

/** As the kernel names them. */
export type Machine = 'x86_64' | 'aarch64';
export const machines: readonly Machine[] = ['x86_64', 'aarch64'];

export function hasAgent(machine: string | undefined): machine is Machine {
  return machines.some((each) => each === machine);
}

/** Where it is inside a sandbox. */
export const AGENT = '/.codebeaker/agent';
/** The descriptor on which an agent that is given `--descriptor` speaks. */
export const AGENT_FD = 4;

/** Beside the built daemon, or else beside its sources. */
const places = ['../agent/', '../../../agent/bin/'];

/** The path of the program file. @throws Error where it is missing */
export function agentFile(machine: Machine): string {
  const here = createRequire(import.meta.url);
  for (const place of places) {
    try {
      return here.resolve(`${place}agent-${machine}`);
    } catch {
      // It may be in the next place.
    }
  }
  throw new Error(`the agent for ${machine} is missing from this installation of CodeBeaker; install it again`);
}

/**
 * Puts it into a folder, where every user of this host can execute it and a container engine can mount it. Resolves with
 * its path there.
 */
export async function installAgent(machine: Machine, folder: string): Promise<string> {
  const path = join(folder, `agent-${machine}`);
  if (await stat(path).then(() => true, () => false)) return path;
  const part = `${path}-${randomBytes(4).toString('hex')}`;
  return undoing(async (undo) => {
    undo.add(() => rm(part, { force: true }));
    await copyFile(agentFile(machine), part);
    await chmod(part, 0o555);
    await rename(part, path);
    return path;
  });
}
