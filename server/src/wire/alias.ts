/** What a call of an alias really asks for. An alias is resolved before a call is served, so nothing behind it meets one. */
import { COMMAND_PREFIX, invalidParam, isSessionCommand, methods, type ParamsOf, type ProtocolError, type SessionExecute } from '../protocol/index.ts';
import type { Call } from './service.ts';
import { parseParams } from './validate.ts';

/** @throws ProtocolError InvalidParams where no such command exists, or its params do not fit */
export function resolveAlias(call: Call): Call {
  if (call.method.by !== 'alias') return call;
  const { sessionId, command: { type, ...rest } } = call.params as ParamsOf<typeof SessionExecute>;
  const method = methods.find((each) => isSessionCommand(each) && each.name === `${COMMAND_PREFIX}${type}`);
  if (!method) throw noSuchCommand(type);
  return { ...call, method, params: parseParams(method.params, { ...rest, sessionId }, ['command']) };
}

function noSuchCommand(type: string): ProtocolError {
  const known = methods.filter(isSessionCommand).map(({ name }) => name.slice(COMMAND_PREFIX.length));
  const message = `${JSON.stringify(type.slice(0, 100))} is no command; known: ${known.join(', ')}`;
  return invalidParam('command.type', message);
}
