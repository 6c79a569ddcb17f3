/** Removes the containers that dead daemons have left. They are found by their label. */
import { DAEMON_LABEL } from './container.ts';
import type { Engine } from './engine.ts';

/** `gone` says whether the daemon with an id is dead. Resolves with the number of containers removed. */
export async function sweepContainers(engine: Engine, gone: (daemonId: string) => boolean): Promise<number> {
  const found = await engine.find(DAEMON_LABEL);
  const left = found.filter(({ labels }) => gone(labels[DAEMON_LABEL] ?? ''));
  await Promise.all(left.map(({ id }) => engine.remove(id)));
  return left.length;
}
