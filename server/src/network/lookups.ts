/** The names that one session resolves: one at a time, and each name once for all who wait for it. */
import { Sequence } from '../base/promises.ts';
import { Refusal } from './refusal.ts';

/** So many names may wait, also if the programs that asked have gone away meanwhile. */
export const MAX_WAITING = 64;

export type Resolve = (name: string) => Promise<readonly string[]>;

/**
 * A name whose servers are silent keeps a thread of the system's resolver for many seconds, whether or not anybody still
 * waits for it. With one at a time, a session keeps one thread, and there is one for each session (see main.ts).
 * When `over` aborts, those that wait are not resolved any more. @throws Refusal where too many wait
 */
export function oneAtATime(resolve: Resolve, over: AbortSignal): Resolve {
  const turn = new Sequence();
  const pending = new Map<string, Promise<readonly string[]>>();
  return (name) => {
    const known = pending.get(name);
    if (known) return known;
    if (pending.size >= MAX_WAITING) return Promise.reject(new Refusal('exhausted', 'too many names wait to be resolved for this session'));
    const resolving = turn.run(() => {
      over.throwIfAborted();
      return resolve(name);
    }).finally(() => pending.delete(name));
    pending.set(name, resolving);
    return resolving;
  };
}
