/** Containers of daemons that are gone: found by their label and removed. */
import { DAEMON_LABEL } from './container.ts';
import type { Engine } from './engine.ts';

/** Resolves with how many there were. `gone` is asked about the ids of daemons. */
export async function sweepContainers(engine: Engine, gone: (daemonId: string) => boolean): Promise<number> {
  const found = await engine.find(DAEMON_LABEL);
  const left = found.filter(({ labels }) => gone(labels[DAEMON_LABEL] ?? ''));
  await Promise.all(left.map(({ id }) => engine.remove(id)));
  return left.length;
}
