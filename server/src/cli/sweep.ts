/** After a daemon's sudden death: removes what it left outside this machine's own processes and folders. Started by its keeper. */
import { createLog } from '../base/log.ts';
import { loadConfig } from '../policy/config-file.ts';
import { SharedParts } from '../runtime/kinds/shared.ts';
import { leftoversOf, runtimeKinds } from '../runtime/kinds/table.ts';
import type { Surroundings } from './surroundings.ts';

/** @throws whatever the first place that could not be swept said; all others have been swept then */
export async function sweep(surroundings: Surroundings, daemonId: string, configFlag: string | undefined): Promise<number> {
  const { docker } = loadConfig({ flag: configFlag, env: surroundings.env, home: surroundings.home });
  const log = createLog('warn', surroundings.writeLog);
  const shared = new SharedParts({ ...surroundings, docker, images: {}, log, entries: () => new Map() });
  const swept = await Promise.allSettled(leftoversOf(runtimeKinds(docker)).map((leftovers) => leftovers.sweep(shared, (id) => id === daemonId)));
  for (const result of swept) if (result.status === 'rejected') throw result.reason;
  return 0;
}
