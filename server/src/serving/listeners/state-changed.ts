/** Sends `session/stateChanged` for the client's own sessions, if the client wants it. */
import type { EventStream } from '../../events/events.ts';
import { SessionStateChanged } from '../../protocol/index.ts';
import type { Client } from '../../wire/service.ts';

/** Calling the returned function ends it. */
export function tellStates(visit: string, client: Client, events: EventStream): () => void {
  if (!client.capabilities.session?.stateChanged) return () => undefined;
  return events.listen((event) => {
    if (event.kind !== 'sessionChanged' || event.session.visit !== visit) return;
    const { session: { sessionId }, state, reason } = event;
    void client.notify(SessionStateChanged, { sessionId, state, ...(reason ? { reason } : {}) });
  });
}
