/** A Deno runtime with a keeper of its own, for tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../server/src/base/clock.ts';
import { createLog } from '../../../../server/src/base/log.ts';
import { createDenoRuntime } from '../../../../server/src/runtime/kinds/deno/runtime.ts';
import { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import type { Subject } from '../../contract/contract.ts';

export interface DenoSubject extends Subject {
  /** The daemon's folder on the host. */
  readonly folder: string;
  readonly keeper: Keeper;
}

export async function denoSubject(): Promise<DenoSubject> {
  const log = createLog('error', (line) => {
    throw new Error(`logged: ${line}`);
  });
  const keeper = new Keeper({ process, log });
  const runtime = createDenoRuntime({ keeper, clock: systemClock, log, env: process.env });
  const folder = await keeper.folder();
  const sandboxes = () => readdirSync(folder).filter((name) => name.startsWith('sandbox-'));
  return {
    runtime,
    folder,
    keeper,
    leftovers: () => Promise.resolve([...sandboxes(), ...processesWith(folder).filter((line) => !line.includes('codebeaker-keeper'))]),
    destroy: async () => {
      for (const name of sandboxes()) await rm(join(folder, name), { recursive: true });
    },
    dispose: async () => {
      await runtime.close();
      await keeper.close();
    },
  };
}

/** The command lines, with `text` in them, of all processes of this host or of one. */
export function processesWith(text: string, only?: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && (only ?? Number(name)) === Number(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(text));
}
