/** The handlers of `debug/…`. */
import type { ExecuteContext } from '../../command/execute.ts';
import { Debuggers } from '../../debug/debuggers.ts';
import { startDebug } from '../../debug/start-debug.ts';
import { DebugEnded, DebugMessageFromAdapter, ProtocolError } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Client } from '../../wire/service.ts';
import type { Debuggable } from '../parts.ts';
import type { Handlers } from './handler.ts';

export interface DebugParts {
  readonly client: Client;
  context(signal: AbortSignal): ExecuteContext;
  /** Absent: nothing can be debugged. */
  debuggers?(): Promise<Debuggable>;
  /** The address of the client's folder that is /workspace in a session. */
  folder(session: Session): string | undefined;
}

export function debugHandlers({ client, context, debuggers, folder }: DebugParts) {
  const running = new Debuggers();
  return {
    'debug/start': async (session, params, signal) => {
      if (!client.capabilities.debug?.adapter) throw new ProtocolError('DebugUnavailable', 'the client has not said that it speaks the Debug Adapter Protocol: it declares debug.adapter in its capabilities', { missing: 'debug.adapter in the capabilities of the client', hint: 'send capabilities.debug.adapter in initialize' });
      const hosts = await debuggers?.();
      if (!hosts) throw new ProtocolError('DebugUnavailable', 'this daemon debugs nothing', { missing: 'debuggers', hint: 'use another daemon' });
      return startDebug(session, params, {
        ...context(signal),
        folder,
        host: (language) => hosts.host(language),
        send: (debugId, message) => client.notify(DebugMessageFromAdapter, { debugId, message: { ...message } }),
        ended: (ended) => client.notify(DebugEnded, ended),
        open: (debugId, exchange) => running.open(debugId, exchange),
      });
    },
    'debug/message': (params) => {
      running.message(params);
      return null;
    },
  } satisfies Partial<Handlers>;
}
