/** Removes the containers that dead daemons have left. They are found by their label. */
import type { Clock } from '../../../base/clock.ts';
import { DAEMON_LABEL } from './container.ts';
import type { Engine, FoundContainer } from './engine.ts';

/** A daemon starts a container within a minute after it has made it. The engine's clock may differ from the daemon's. */
const UNSTARTED_MS = 24 * 3_600_000;

/** `gone` says whether the daemon with an id is dead. Resolves with the number of containers removed. */
export async function sweepContainers(engine: Engine, clock: Clock, gone: (daemonId: string) => boolean): Promise<number> {
  const found = await engine.find(DAEMON_LABEL);
  const left = found.filter((container) => gone(container.labels[DAEMON_LABEL] ?? '') || isAbandoned(container, clock));
  await Promise.all(left.map(({ id }) => engine.remove(id)));
  return left.length;
}

/** Whether no living daemon can have the container. One that runs ends by itself when its daemon ends. */
function isAbandoned({ runs, createdAt }: FoundContainer, clock: Clock): boolean {
  return !runs && clock.now() - createdAt > UNSTARTED_MS;
}
