/** The method table's other half: what each method does, in terms of the floors below. */
import { constants } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { abortable } from '../base/promises.ts';
import type { Ahead } from '../command/ahead.ts';
import type { RunningCommands } from '../command/commands.ts';
import { decode } from '../command/content.ts';
import { type ExecuteContext, executeShell, runCode } from '../command/execute.ts';
import * as files from '../command/files.ts';
import type { Policy } from '../policy/policy.ts';
import { methods, ProtocolError } from '../protocol/index.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import type { SessionManager } from '../session/manager.ts';
import type { CreateSessions } from './create-session.ts';
import { MAX_CHUNK_BYTES, type OutputChannels } from './flow.ts';
import { serverHealth } from './health.ts';
import type { ProgressTokens } from './progress.ts';
import type { Client, Handlers, RequestContext } from '../wire/service.ts';
import { selectFor } from './select-runtime.ts';
import { parseParams } from '../wire/validate.ts';

export interface HandlerParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly startedAt: number;
  readonly version: string;
  readonly policy: Policy;
  readonly catalog: Catalog;
  readonly sessions: SessionManager;
  readonly commands: RunningCommands;
  readonly channels: OutputChannels;
  readonly createSession: CreateSessions;
  readonly progress: ProgressTokens;
  readonly ahead: Ahead;
}

export function createHandlers(parts: HandlerParts): Handlers {
  const { catalog, sessions, commands, channels, client, clock } = parts;

  const execution = ({ signal }: RequestContext): ExecuteContext => ({
    clock,
    commands,
    signal,
    maxChunkBytes: MAX_CHUNK_BYTES,
    ahead: parts.ahead,
    stream: (commandId) => {
      const channel = channels.open(commandId);
      return { send: (piece) => channel.send(piece), close: () => channels.close(commandId) };
    },
  });

  const handlers: Handlers = {
    'runtime/list': () => ({ runtimes: catalog.infos() }),
    'runtime/select': async (params, { signal }) => {
      await abortable(signal, catalog.lookAtAll());
      return selectFor(params, parts.policy, catalog);
    },
    'session/create': async (params, context) => (await parts.createSession(params, context)).view(),
    'window/workDoneProgress/cancel': ({ token }) => {
      parts.progress.cancel(token);
      return null;
    },
    'session/list': () => ({ sessions: sessions.list().map((session) => session.view()) }),
    'session/close': async ({ sessionId }) => {
      await sessions.get(sessionId).close('client');
      return { sessionId, closed: true };
    },
    'session/execute': ({ sessionId, command: { type, ...rest } }, context) => {
      const method = methods.find(({ name }) => name === `command/${type}`);
      const handler = method?.kind === 'request' && 'sessionId' in shapeOf(method.params) ? handlers[method.name as keyof Handlers] : undefined;
      if (!method || !handler) throw noSuchCommand(type);
      const params = parseParams(method.params, { ...rest, sessionId }, ['command']);
      return (handler as (params: unknown, context: RequestContext) => Promise<unknown>)(params, context);
    },
    'command/writeFile': (params, { signal }) => files.writeFile(sessions.get(params.sessionId), params, signal),
    'command/readFile': (params, { signal }) => files.readFile(sessions.get(params.sessionId), params, signal),
    'command/createDirectory': (params, { signal }) => files.createDirectory(sessions.get(params.sessionId), params, signal),
    'command/copyFile': (params, { signal }) => files.copyFile(sessions.get(params.sessionId), params, signal),
    'command/deleteFile': (params, { signal }) => files.deleteFile(sessions.get(params.sessionId), params, signal),
    'command/listDirectory': (params, { signal }) => files.listDirectory(sessions.get(params.sessionId), params, signal),
    'command/executeShell': (params, context) => executeShell(sessions.get(params.sessionId), params, execution(context)),
    'command/runCode': (params, context) => runCode(sessions.get(params.sessionId), params, execution(context)),
    'command/signal': async ({ commandId, signal }) => {
      if (!(signal in constants.signals)) throw invalidSignal(signal);
      await commands.get(commandId).signal(signal);
      return null;
    },
    'command/ack': (params) => {
      channels.ack(params);
      return null;
    },
    'command/input': async ({ commandId, data, encoding, end }) => {
      const taken = commands.find(commandId)?.input(decode(data, encoding, 'data'), end ?? false) ?? true;
      if (!taken) await client.logMessage(2, `command ${commandId} takes no input and too much is waiting: a piece was dropped`);
      return null;
    },
    'command/drain': async ({ commandId }, { signal }) => {
      await abortable(signal, commands.get(commandId).drained());
      return null;
    },
    'command/resize': async ({ commandId, cols, rows }) => {
      await commands.find(commandId)?.resize({ cols, rows });
      return null;
    },
    'server/health': () => serverHealth(catalog.infos(), sessions.list().length, clock.monotonic() - parts.startedAt),
    'rpc.discover': async () => (await import('../protocol/openrpc.ts')).openrpc(parts.version),
  };
  return handlers;
}

function shapeOf(schema: unknown): object {
  return (schema as { shape?: object }).shape ?? {};
}

function noSuchCommand(type: string): ProtocolError {
  const known = methods.flatMap(({ name, kind, params }) =>
    kind === 'request' && name.startsWith('command/') && 'sessionId' in shapeOf(params) ? [name.slice('command/'.length)] : []);
  const message = `${JSON.stringify(type.slice(0, 100))} is no command; known: ${known.join(', ')}`;
  return new ProtocolError('InvalidParams', `command.type: ${message}`, { issues: [{ path: 'command.type', message }] });
}

function invalidSignal(signal: string): ProtocolError {
  const message = `${signal} is not a signal of this system`;
  return new ProtocolError('InvalidParams', message, { issues: [{ path: 'signal', message }] });
}
