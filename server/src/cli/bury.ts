/**
 * `codebeaker --sweep=ID`: removes the containers that a daemon left behind when it died suddenly. The daemon's keeper
 * starts this; it removes processes and folders itself.
 */
import { createLog } from '../base/log.ts';
import { loadConfig } from '../policy/config-file.ts';
import { SharedParts } from '../runtime/kinds/shared.ts';
import { leftoversOf, runtimeKinds, sweepLeftovers } from '../runtime/kinds/table.ts';
import type { Surroundings } from './surroundings.ts';

/** Sweeps everything that it can. @throws the error of the first place that could not be swept */
export async function bury(surroundings: Surroundings, daemonId: string, configFlag: string | undefined): Promise<number> {
  const { docker } = loadConfig({ flag: configFlag, env: surroundings.env, home: surroundings.home });
  const log = createLog('warn', surroundings.writeLog);
  const shared = SharedParts.toSweep({ ...surroundings, docker, log });
  const swept = await Promise.allSettled(leftoversOf(runtimeKinds(docker)).map((leftovers) => sweepLeftovers(leftovers, shared, (id) => id === daemonId)));
  for (const result of swept) if (result.status === 'rejected') throw result.reason;
  return 0;
}
