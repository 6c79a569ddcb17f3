/** One runtime in two shapes: the better one where this host can have it, the other one elsewhere. */
import { forwarding } from '../../base/forward.ts';
import type { Runtime } from '../ports.ts';

/** Both have the same id, and are this one's from now on. */
export function preferredRuntime(better: Runtime, other: Runtime): Runtime {
  const both = [better, other];
  const chosen = () => (better.info().available ? better : other);
  return forwarding(chosen, {
    refresh: async (signal) => {
      await Promise.all(both.map((runtime) => runtime.refresh(signal)));
      return chosen().info();
    },
    watch: (signal, changed) => {
      for (const runtime of both) runtime.watch(signal, changed);
    },
    close: async () => {
      await Promise.all(both.map((runtime) => runtime.close()));
    },
  });
}
