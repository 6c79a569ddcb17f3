/** The innermost part of the gate: it finds the subject of a call and calls the method's handler with it. */
import type { RunningCommands } from '../../command/commands.ts';
import { CommandAck } from '../../protocol/index.ts';
import type { Session } from '../../session/session.ts';
import type { Call, Serve } from '../../wire/service.ts';
import type { Handlers } from './handler.ts';

export interface Subjects {
  /** The session, and the handlers of where it was made. @throws ProtocolError SessionNotFound, SessionClosed */
  session(id: string): { readonly session: Session; readonly handlers: Handlers };
  readonly commands: Pick<RunningCommands, 'get' | 'find'>;
}

type Handler = (...args: readonly unknown[]) => unknown;

/** The returned function rejects with ProtocolError SessionNotFound, SessionClosed or CommandNotFound, or as the handler does. */
export function createServe(handlers: Handlers, subjects: Subjects): Serve {
  const handlerOf = (call: Call, from: Handlers) => from[call.method.name as keyof Handlers] as Handler;
  return async (call) => {
    const { sessionId = '', commandId = '' } = call.params as { sessionId?: string; commandId?: string };
    const { method: { name, kind, subject }, params, signal } = call;
    if (subject === 'session') {
      const { session, handlers: own } = subjects.session(sessionId);
      return handlerOf(call, own)(session, params, signal);
    }
    if (subject === 'daemon') return handlerOf(call, handlers)(params, signal);
    // What is kept of a command that has ended can be acknowledged. Any other notification to it is ignored.
    const command = kind === 'notification' ? subjects.commands.find(commandId) : subjects.commands.get(commandId);
    return command || name === CommandAck.name ? handlerOf(call, handlers)(command, params, signal) : null;
  };
}
