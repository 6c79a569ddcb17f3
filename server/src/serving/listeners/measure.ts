/** Records how long the runtimes take to start. The next choice of a runtime uses these measurements. */
import type { EventStream } from '../../events/events.ts';
import type { Catalog } from '../../runtime/choice/catalog.ts';

/** Calling the returned function ends it. */
export function measureRuntimes(catalog: Pick<Catalog, 'record'>, events: EventStream): () => void {
  return events.listen((event) => {
    if (event.kind === 'sandboxMade') {
      catalog.record(event.runtime, 'coldMs', event.coldMs);
      if (event.memoryBytes !== undefined) catalog.record(event.runtime, 'memoryBytes', event.memoryBytes);
    } else if (event.kind === 'commandHeard' && event.firstInSession) {
      catalog.record(event.command.runtime, 'warmMs', event.afterMs);
    }
  });
}
