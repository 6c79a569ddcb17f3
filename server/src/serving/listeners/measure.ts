/** The measurements of the runtimes: what each start took is remembered, and the next choice of a runtime looks at it. */
import type { EventStream } from '../../events/events.ts';
import type { Catalog } from '../../runtime/choice/catalog.ts';

/** The result ends it. */
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
