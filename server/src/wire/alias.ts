/** Resolves aliases (`session/execute`) before a call is served, so that nothing behind the connection has to know them. */
import { COMMAND_PREFIX, invalidParam, isSessionCommand, methods, type ParamsOf, type ProtocolError, type SessionExecute } from '../protocol/index.ts';
import type { Call } from './service.ts';
import { parseParams } from './validate.ts';

/**
 * Returns the call of the method that the alias stands for; a call of any other method is returned as it is.
 * @throws ProtocolError InvalidParams if there is no such command, or if its params are invalid
 */
export function resolveAlias(call: Call): Call {
  if (call.method.by !== 'alias') return call;
  const { sessionId, command: { type, ...rest } } = call.params as ParamsOf<typeof SessionExecute>;
  const method = methods.find((each) => isSessionCommand(each) && each.name === `${COMMAND_PREFIX}${type}`);
  if (!method) throw noSuchCommand(type);
  return { ...call, method, params: parseParams(method.params, { ...rest, sessionId }, ['command']) };
}

function noSuchCommand(type: string): ProtocolError {
  const known = methods.filter(isSessionCommand).map(({ name }) => name.slice(COMMAND_PREFIX.length));
  const message = `${JSON.stringify(type.slice(0, 100))} is not a command; use one of ${known.join(', ')}`;
  return invalidParam('command.type', message);
}
