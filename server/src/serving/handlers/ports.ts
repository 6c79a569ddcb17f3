/** The handlers of `ports/…`. */
import { HOST_ADDRESS } from '../../session/forward.ts';
import { SessionPorts } from '../../session/ports.ts';
import type { Session } from '../../session/session.ts';
import type { Handlers } from './handler.ts';

/** The ports of each session that was asked for them. */
export class PortBook {
  readonly #all = new WeakMap<Session, SessionPorts>();

  of(session: Session): SessionPorts {
    const known = this.#all.get(session);
    if (known) return known;
    const ports = new SessionPorts(session);
    this.#all.set(session, ports);
    return ports;
  }
}

export const portHandlers = ({ ports }: { readonly ports: PortBook }) => ({
  'ports/forward': async (session, { port, hostPort }) => {
    const forward = await ports.of(session).forward(port, hostPort);
    return { sessionId: session.id, port, hostPort: forward.hostPort, address: HOST_ADDRESS };
  },
  'ports/list': async (session) => ({ ports: await ports.of(session).list() }),
  'ports/close': async (session, { port }) => {
    await ports.of(session).close(port);
    return { sessionId: session.id, port, closed: true };
  },
}) satisfies Partial<Handlers>;
