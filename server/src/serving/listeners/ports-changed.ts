/** Sends `ports/changed` for a session, if the client wants it. */
import { PortsChanged } from '../../protocol/index.ts';
import type { SessionPorts } from '../../session/ports.ts';
import type { Session } from '../../session/session.ts';
import type { Client } from '../../wire/service.ts';

/** Sends one notification at a time, so a client that reads slowly gets only the latest ports. */
export function tellPorts(client: Client, { id: sessionId }: Session, ports: SessionPorts): void {
  let pending: readonly number[] | undefined;
  let busy = false;
  ports.watch((now) => {
    pending = now;
    if (!busy) void tell();
  });

  async function tell(): Promise<void> {
    busy = true;
    for (let next = pending; next; next = pending) {
      pending = undefined;
      // Another client may have the session now.
      if (client.capabilities.ports?.changed) await client.notify(PortsChanged, { sessionId, ports: [...next] });
    }
    busy = false;
  }
}
