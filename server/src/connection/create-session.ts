/** `session/create`: from what a client asks for to a session, with progress on the way. */
import { realpath } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type {
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from 'vscode-languageserver-protocol';
import { checkImage, type Policy, resolveLimits, resolveNetwork, shorter } from '../policy/policy.ts';
import { resolveWorkspace } from '../policy/workspace.ts';
import { type InitializeParams, ProtocolError, type SessionCreateParams } from '../protocol/index.ts';
import type { Runtime } from '../runtime/ports.ts';
import { selectRuntime } from '../runtime/select.ts';
import type { SessionManager } from '../session/manager.ts';
import type { Session } from '../session/session.ts';
import type { Client, RequestContext } from './service.ts';

export interface CreateSessionParts {
  readonly client: Client;
  readonly policy: Policy;
  readonly runtimes: readonly Runtime[];
  readonly sessions: SessionManager;
  readonly initialize: InitializeParams;
}

export type CreateSessions = (params: SessionCreateParams, context: RequestContext) => Promise<Session>;

export function sessionCreator({ client, policy, runtimes, sessions, initialize }: CreateSessionParts): CreateSessions {
  return async (params, { signal }) => {
    refuseUnserved(params);
    if (params.image !== undefined) checkImage(policy, params.image);
    const runtime = selectRuntime(runtimes, {
      runtime: params.runtime,
      language: params.language,
      preference: params.preference ?? policy.preference,
    });
    const { language } = params;
    const progress = progressFor(client, params.workDoneToken);
    progress.begin();
    try {
      return await sessions.create(
        {
          runtime,
          language,
          image: params.image ?? policy.images[language ?? 'shellscript'],
          label: params.label,
          limits: resolveLimits(policy, params.limits ?? {}),
          network: resolveNetwork(policy, params.network),
          workspace: params.workspace && (await resolveWorkspace(params.workspace, openedFolders(initialize), initialize.trusted ?? true)),
          env: params.env ?? {},
          strict: params.strict ?? false,
          idleTimeoutMs: shorter(policy.sessions.idleTimeoutMs, params.idleTimeoutMs),
          maxLifetimeMs: shorter(policy.sessions.maxLifetimeMs, params.maxLifetimeMs),
        },
        { signal, report: progress.report },
      );
    } finally {
      progress.end();
    }
  };
}

export function openedFolders(initialize: InitializeParams): string[] {
  return (initialize.workspaceFolders ?? []).map(({ uri }) => uri);
}

/** The folders as paths, links resolved; what does not exist is left out. */
export async function openedPaths(initialize: InitializeParams): Promise<string[]> {
  const paths = await Promise.all(
    openedFolders(initialize).map(async (uri) => realpath(fileURLToPath(uri)).catch(() => undefined)).map((path) => path.catch(() => undefined)),
  );
  return paths.filter((path) => path !== undefined);
}

/** What is asked for but not served is refused: a client that relies on it must know. */
function refuseUnserved({ secrets }: SessionCreateParams): void {
  if (!secrets || Object.keys(secrets).length === 0) return;
  const message = 'secrets are not served by this daemon';
  throw new ProtocolError('InvalidParams', message, { issues: [{ path: 'secrets', message }] });
}

/** LSP's work-done progress, for a token that the client gave. Each is sent only when the one before has left. */
function progressFor(client: Client, token: string | number | undefined) {
  let sending: Promise<void> = Promise.resolve();
  const send = (value: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd) => {
    if (token !== undefined) sending = sending.then(() => client.progress(token, value));
  };
  return {
    begin: () => send({ kind: 'begin', title: 'Creating a sandbox', cancellable: true }),
    report: (message: string, percentage?: number) =>
      send({ kind: 'report', message, ...(percentage === undefined ? {} : { percentage }) }),
    end: () => send({ kind: 'end' }),
  };
}
