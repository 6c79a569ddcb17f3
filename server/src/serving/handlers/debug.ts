/** The handlers of `debug/…`. A debugger belongs to the connection that started it: nobody could take up in the middle what was said. */
import type { ExecuteContext } from '../../command/execute.ts';
import type { ReadyAdapters } from '../../debug/ready-adapters.ts';
import { DebugEnded, DebugMessageFromAdapter, invalidParam, ProtocolError } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Desk } from '../line/desk.ts';
import type { Line } from '../line/line.ts';
import type { Debuggable } from '../parts.ts';
import type { Handlers } from './handler.ts';
import type { PortBook } from './ports.ts';

export interface DebugParts {
  readonly desk: Desk<Line>;
  readonly ports: PortBook;
  lineOf(session: Session): Line;
  context(session: Session, signal: AbortSignal, of: AbortSignal): ExecuteContext;
  /** Absent: nothing can be debugged. */
  debuggers?(): Promise<Debuggable>;
  readonly ready: ReadyAdapters;
  /** The address of the client's folder that is /workspace in a session. */
  folder(session: Session): string | undefined;
}

export const debugHandlers = ({ desk, ports, lineOf, context, debuggers, ready, folder }: DebugParts) => ({
  'debug/start': async (session, params, signal) => {
    const { leaving, desk: { client, debuggers: running } } = lineOf(session);
    if (!client.capabilities.debug?.adapter) throw new ProtocolError('DebugUnavailable', 'the client has not said that it speaks the Debug Adapter Protocol: it declares debug.adapter in its capabilities', { missing: 'debug.adapter in the capabilities of the client', hint: 'send capabilities.debug.adapter in initialize' });
    if (running.has(params.debugId)) throw invalidParam('debugId', 'this id belongs to a debugger that has not ended; choose another');
    const hosts = await debuggers?.();
    if (!hosts) throw new ProtocolError('DebugUnavailable', 'this daemon debugs nothing', { missing: 'debuggers', hint: 'use another daemon' });
    // Only who debugs loads it.
    const { startDebug } = await import('../../debug/start-debug.ts');
    return startDebug(session, params, {
      ...context(session, AbortSignal.any([signal, leaving]), signal),
      folder,
      ready,
      host: (language) => hosts.host(language),
      send: (debugId, message) => client.notify(DebugMessageFromAdapter, { debugId, message: { ...message } }),
      ended: (ended) => client.notify(DebugEnded, ended),
      open: (debugId, exchange) => {
        const close = running.open(debugId, exchange);
        const showPorts = ports.of(session).debugging();
        return () => {
          showPorts();
          close();
        };
      },
    });
  },
  'debug/message': (params) => {
    desk.debuggers.message(params);
    return null;
  },
}) satisfies Partial<Handlers>;
