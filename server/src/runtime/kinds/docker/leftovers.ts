/** Finds the containers that dead daemons have left, by their label. */
import type { Clock } from '../../../base/clock.ts';
import type { Verdict } from '../../machine/strays.ts';
import { DAEMON_LABEL } from './container.ts';
import type { Engine, FoundContainer } from './engine.ts';

/** A daemon starts a container within a minute after it has made it. The engine's clock may differ from the daemon's. */
const UNSTARTED_MS = 24 * 3_600_000;

/** A container of some daemon. */
export interface Left extends Verdict {
  /** Its own id. */
  readonly name: string;
  /** The id of the daemon. */
  readonly daemonId: string;
  remove(): Promise<void>;
}

/** `fate` says what is known of the daemon with an id; undefined: nothing. */
export async function findContainers(engine: Engine, clock: Clock, fate: (daemonId: string) => Verdict | undefined): Promise<Left[]> {
  const found = await engine.find(DAEMON_LABEL);
  return found.map((container) => {
    const daemonId = container.labels[DAEMON_LABEL] ?? '';
    return { ...judge(container, clock, fate(daemonId)), name: container.id, daemonId, remove: () => engine.remove(container.id) };
  });
}

/** One that runs ends by itself when its daemon ends. */
function judge({ runs, createdAt }: FoundContainer, clock: Clock, known: Verdict | undefined): Verdict {
  if (known) return known;
  if (!runs && clock.now() - createdAt > UNSTARTED_MS) return { dead: true, why: 'it does not run, was made more than a day ago, and nothing is known of its daemon' };
  return { dead: false, why: runs ? 'it runs, and nothing is known of its daemon, which may be on another machine' : 'it was made less than a day ago, and nothing is known of its daemon' };
}
