/** One runtime with two implementations: the better one where it is available on this host, else the other one. */
import { forwarding } from '../../base/forward.ts';
import type { Runtime } from '../ports.ts';

/** Both must have the same id. They are closed with the result. */
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
