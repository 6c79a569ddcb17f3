/** `session/create`: from what a client asks for to a session, with progress on the way. */
import { abortable } from '../base/promises.ts';
import { checkImage, type Policy, resolveLimits, resolveNetwork, shorter } from '../policy/policy.ts';
import { realFolder, resolveWorkspace, type WorkspaceAsk } from '../policy/workspace.ts';
import { type InitializeParams, ProtocolError, type SessionCreateParams } from '../protocol/index.ts';
import type { Runtime } from '../runtime/ports.ts';
import { selectRuntime } from '../runtime/select.ts';
import type { SessionManager } from '../session/manager.ts';
import type { Session } from '../session/session.ts';
import type { ProgressTokens } from './progress.ts';
import type { RequestContext } from './service.ts';

export interface CreateSessionParts {
  readonly policy: Policy;
  readonly runtimes: readonly Runtime[];
  readonly sessions: SessionManager;
  readonly initialize: InitializeParams;
  readonly progress: ProgressTokens;
  /** Resolves when every runtime has been looked at: until then it is not known what there is to choose from. */
  readonly looked: Promise<unknown>;
  /** Host paths that are never shared. */
  hidden(): Promise<readonly string[]>;
}

export type CreateSessions = (params: SessionCreateParams, context: RequestContext) => Promise<Session>;

export function sessionCreator({ policy, runtimes, sessions, initialize, hidden, progress, looked }: CreateSessionParts): CreateSessions {
  const share = async (ask: WorkspaceAsk) =>
    resolveWorkspace(ask, { opened: openedFolders(initialize), trusted: initialize.trusted ?? true, hidden: await hidden() });

  return async (params, { signal }) => {
    refuseUnserved(params);
    if (params.image !== undefined) checkImage(policy, params.image);
    const { language } = params;
    await abortable(signal, looked);
    const runtime = selectRuntime(able(runtimes, params), {
      runtime: params.runtime,
      language,
      preference: params.preference ?? policy.preference,
    });
    const shown = progress.begin(params.workDoneToken, 'Creating a sandbox', signal);
    try {
      return await sessions.create(
        {
          runtime,
          language,
          image: params.image ?? policy.images[language ?? 'shellscript'],
          label: params.label,
          limits: resolveLimits(policy, params.limits ?? {}),
          network: resolveNetwork(policy, params.network),
          workspace: params.workspace && (await share(params.workspace)),
          env: params.env ?? {},
          strict: params.strict ?? false,
          idleTimeoutMs: shorter(policy.sessions.idleTimeoutMs, params.idleTimeoutMs),
          maxLifetimeMs: shorter(policy.sessions.maxLifetimeMs, params.maxLifetimeMs),
        },
        shown,
      );
    } finally {
      await shown.end();
    }
  };
}

export function openedFolders(initialize: InitializeParams): string[] {
  return (initialize.workspaceFolders ?? []).map(({ uri }) => uri);
}

/** The folders as paths, links resolved; what does not exist is left out. */
export async function openedPaths(initialize: InitializeParams): Promise<string[]> {
  const paths = await Promise.all(openedFolders(initialize).map((uri) => realFolder(uri).catch(() => undefined)));
  return paths.filter((path) => path !== undefined);
}

/** What is asked for but not served is refused: a client that relies on it must know. */
function refuseUnserved({ secrets }: SessionCreateParams): void {
  if (secrets && Object.keys(secrets).length > 0) throw unserved('secrets', 'secrets are not served by this daemon');
}

/** Those that can do what is asked for: an image is nothing to a runtime without images. */
function able(runtimes: readonly Runtime[], { image, runtime: id }: SessionCreateParams): readonly Runtime[] {
  if (image === undefined) return runtimes;
  const withImages = runtimes.filter((runtime) => runtime.info().languages.some((language) => language.image !== undefined));
  const named = runtimes.find((runtime) => runtime.id === id);
  if (named && !withImages.includes(named)) throw unserved('image', `the runtime ${named.id} has no images`);
  return withImages;
}

function unserved(path: string, message: string): ProtocolError {
  return new ProtocolError('InvalidParams', message, { issues: [{ path, message }] });
}
