/** Sends `session/stateChanged` for the client's own sessions, if the client wants it. */
import type { EventStream, SessionIdentity } from '../../events/events.ts';
import { SessionStateChanged } from '../../protocol/index.ts';
import type { Client } from '../../wire/service.ts';

/** `isOwn`: whether a session is the client's now. Calling the returned function ends it. */
export function tellStates(isOwn: (session: SessionIdentity) => boolean, client: Client, events: EventStream): () => void {
  if (!client.capabilities.session?.stateChanged) return () => undefined;
  return events.listen((event) => {
    if (event.kind !== 'sessionChanged' || !isOwn(event.session)) return;
    const { session: { sessionId }, state, reason } = event;
    void client.notify(SessionStateChanged, { sessionId, state, ...(reason ? { reason } : {}) });
  });
}
