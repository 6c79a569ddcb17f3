/** Removes the containers of dead daemons, as a daemon does it. */
import type { Clock } from '../../../../server/src/base/clock.ts';
import type { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import { findContainers } from '../../../../server/src/runtime/kinds/docker/leftovers.ts';
import { sweepLeftovers } from '../../../../server/src/runtime/kinds/table.ts';

/** Resolves with the number of containers removed. */
export function sweepContainers(engine: Engine, clock: Clock, gone: (daemonId: string) => boolean): Promise<number> {
  return sweepLeftovers({ what: 'containers', find: (_, fate) => findContainers(engine, clock, fate) }, undefined as never, gone);
}
