/** The innermost part of the gate: it finds the subject of a call and calls the method's handler with it. */
import type { RunningCommands } from '../../command/commands.ts';
import type { SessionManager } from '../../session/manager.ts';
import type { Call, Serve } from '../../wire/service.ts';
import type { Handlers } from './handler.ts';

export interface Subjects {
  readonly sessions: Pick<SessionManager, 'get'>;
  readonly commands: Pick<RunningCommands, 'get' | 'find'>;
}

/** The returned function rejects with ProtocolError SessionNotFound, SessionClosed or CommandNotFound, or as the handler does. */
export function createServe(handlers: Handlers, subjects: Subjects): Serve {
  return async (call) => {
    const subject = subjectOf(call, subjects);
    if (subject === undefined) return null;
    const handler = handlers[call.method.name as keyof Handlers] as (...args: readonly unknown[]) => unknown;
    return handler(...subject, call.params, call.signal);
  };
}

/** Returns undefined for a notification to a command that has ended in the meantime, which is ignored. */
function subjectOf({ method, params }: Call, { sessions, commands }: Subjects): readonly unknown[] | undefined {
  const { sessionId = '', commandId = '' } = params as { sessionId?: string; commandId?: string };
  switch (method.subject) {
    case 'daemon':
      return [];
    case 'session':
      return [sessions.get(sessionId)];
    case 'command':
      if (method.kind === 'notification' && !commands.find(commandId)) return undefined;
      return [commands.get(commandId)];
  }
}
