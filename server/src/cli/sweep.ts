/** After a daemon's sudden death: removes the containers it left. Started by its keeper. */
import { loadConfig } from '../policy/config-file.ts';
import { DAEMON_LABEL } from '../runtime/kinds/docker/container.ts';
import type { Surroundings } from './surroundings.ts';
import { createEngine } from './runtimes.ts';

export async function sweep(surroundings: Surroundings, daemonId: string, configFlag: string | undefined): Promise<number> {
  const config = loadConfig({ flag: configFlag, env: surroundings.env, home: surroundings.home });
  const engine = createEngine(config, surroundings);
  const left = await engine.find(`${DAEMON_LABEL}=${daemonId}`);
  await Promise.all(left.map(({ id }) => engine.remove(id)));
  return 0;
}
