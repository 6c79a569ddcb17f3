/** `session/create`: checks what the client asks for, chooses a runtime, and creates the session, with progress. */
import type { Log } from '../../base/log.ts';
import { abortable } from '../../base/promises.ts';
import type { ReadyAdapters } from '../../debug/ready-adapters.ts';
import { debugWish } from '../../debug/where.ts';
import type { WarmInterpreters } from '../../warm/interpreters.ts';
import type { WarmInterpreter } from '../../warm/interpreter.ts';
import { requireSense } from '../../policy/bounds.ts';
import { resolveNetwork } from '../../policy/network.ts';
import { checkImage, checkSessions, denied, type Policy, resolveLimits, shorter } from '../../policy/policy.ts';
import { requireReach } from '../../policy/secrets.ts';
import { resolveWorkspace, type WorkspaceRequest } from '../../policy/workspace.ts';
import { type InitializeParams, invalidParam, type Network, ProtocolError, type SecretSource, type SessionCreateParams, type SessionPackages } from '../../protocol/index.ts';
import type { Catalog } from '../../runtime/choice/catalog.ts';
import { findHint } from '../../runtime/choice/hints.ts';
import { type Choosable, selectRuntime, type Wish } from '../../runtime/choice/select.ts';
import { MIN_BYTES } from '../../secrets/forms.ts';
import { secretsOf } from '../../secrets/secrets.ts';
import type { SessionManager } from '../../session/manager.ts';
import type { Session } from '../../session/session.ts';
import { canResume } from '../flow.ts';
import type { Desk } from '../line/desk.ts';
import { Line } from '../line/line.ts';
import { canAsk, networkOpener, type NetworkParts } from '../network.ts';

export interface CreateSessionParts extends Omit<NetworkParts, 'client'> {
  readonly desk: Desk<Line>;
  readonly log: Log;
  readonly catalog: Catalog;
  readonly sessions: SessionManager<WarmInterpreter>;
  readonly initialize: InitializeParams;
  readonly warm: WarmInterpreters;
  readonly ready: ReadyAdapters;
  /** The session of the line is there. */
  begin(line: Line, session: Session): void;
  /** Installs what a new session is to have. @throws ProtocolError */
  provision(session: Session, packages: SessionPackages, signal: AbortSignal, report: (message: string) => void): Promise<void>;
  /** The addresses of the folders that are /workspace in sessions, as the client gave them. */
  readonly folders: WeakMap<Session, string>;
  /** As in `HouseParts`. */
  secret(name: string, source: SecretSource): Promise<string>;
  /** The paths of the host that are never shared. */
  hidden(): Promise<readonly string[]>;
  /** As in `HouseParts`. */
  readonly shared?: readonly string[] | undefined;
}

export type CreateSession = (params: SessionCreateParams, signal: AbortSignal) => Promise<Line>;

export function sessionCreator({ desk, policy, catalog, clock, log, events, visit, sessions, initialize, hidden, shared, begin, warm, ready, ways, certificates, secret, allowances, provision, folders }: CreateSessionParts): CreateSession {
  const share = async (ask: WorkspaceRequest) =>
    resolveWorkspace(ask, { opened: (initialize.workspaceFolders ?? []).map(({ uri }) => uri), trusted: initialize.trusted ?? true, hidden: await hidden(), shared });

  return async (params, signal) => {
    checkSessions(policy);
    requireSense(params);
    const line = new Line(desk, graceOf(params.resume, desk, policy), { events, clock, log });
    const { client } = line;
    if (params.image !== undefined) checkImage(policy, params.image);
    const { language } = params;
    const image = params.image ?? policy.images[language ?? 'shellscript'];
    const network = resolveNetwork(policy, params.network, canAsk(client));
    requireReach(params.secretNames, policy.secrets, network);
    // A choice needs to know all runtimes.
    await abortable(signal, catalog.lookAtAll());
    requireImages(catalog.choosable, params);
    const workspace = params.workspace && (await share(params.workspace));
    const hint = params.runtime === undefined ? await findHint(language, { text: params.program?.code, folder: workspace?.path, path: params.program?.path }) : undefined;
    const wish = { ...wishOf(params, { policy, image, network }), ...(params.debug ? debugWish(language, catalog.infos(), hint) : { hint }) };
    const { chosen: { runtime }, reason } = selectRuntime(catalog.choosable, wish, catalog.choices);
    const secrets = await abortable(signal, secretsOf(params, policy.secrets, secret));
    for (const name of secrets?.tooShort ?? []) void client.logMessage(2, `The secret ${name} has fewer than ${MIN_BYTES} bytes: programs get it, but it is not taken out of their output`);
    const shown = desk.progress.begin(params.workDoneToken, 'Creating a sandbox', signal);
    try {
      const { session, prepared } = await sessions.create(
        {
          runtime,
          language,
          image,
          label: params.label,
          limits: resolveLimits(policy, params.limits ?? {}),
          openNetwork: networkOpener(network, secrets, { client, policy, clock, events, visit, ways, certificates, allowances }),
          workspace,
          runtimeReason: reason,
          env: params.env ?? {},
          secrets,
          strict: params.strict ?? false,
          idleTimeoutMs: shorter(policy.sessions.idleTimeoutMs, params.idleTimeoutMs),
          maxLifetimeMs: shorter(policy.sessions.maxLifetimeMs, params.maxLifetimeMs),
        },
        shown,
      );
      begin(line, session);
      if (params.workspace) folders.set(session, params.workspace.uri);
      const plain = network.mode === 'none' && !secrets;
      if (prepared && plain) warm.adopt(session, prepared);
      if (params.packages) await provisionOrClose(session, () => provision(session, params.packages ?? {}, shown.signal, shown.report));
      else if (language) warm.prepareSoon(session, language);
      if (language) ready.prepareFirst(session, language, { debug: params.debug ?? false });
      // It has not got the variables of the session's network, or its secrets.
      if (prepared && !plain) warm.discard(session, prepared);
      return line;
    } catch (fault) {
      if (fault instanceof ProtocolError && fault.kind === 'RuntimeUnavailable') catalog.suspect(runtime.id);
      throw fault;
    } finally {
      await shown.end();
    }
  };
}

/** How long the session waits for a client that is lost. undefined: it does not. @throws ProtocolError InvalidParams, PolicyDenied */
function graceOf(resume: SessionCreateParams['resume'], { client }: Desk<Line>, { sessions: { graceMs, maxGraceMs } }: Policy): number | undefined {
  if (!resume) return undefined;
  if (!canResume(client)) throw invalidParam('resume', 'the client has to say in initialize that it can take up sessions again: capabilities.session.resume and capabilities.output.flowControl');
  if (maxGraceMs === 0) throw denied('sessions', 'no session waits for a client that is lost: sessions.maxGraceMs of the configuration is 0', { rule: 'sessions.maxGraceMs' });
  return Math.min(resume.graceMs ?? graceMs, maxGraceMs);
}

/** A session that does not have what was asked for is not left open. */
async function provisionOrClose(session: Session, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (fault) {
    await session.close('client');
    throw fault;
  }
}

function wishOf(
  { runtime, language, preference, image: named, strict, packages }: SessionCreateParams,
  { policy, image, network }: { policy: Policy; image: string; network: Network },
): Wish {
  return {
    language,
    preference: preference ?? policy.preference,
    required: { network: network.mode, packages: packages !== undefined, ...(named === undefined ? {} : { image: named }), ...(runtime === undefined ? {} : { runtimes: [runtime] }) },
    image,
    strict: strict ?? false,
  };
}

/** Refuses an image together with a runtime that has no images. */
function requireImages(runtimes: readonly Choosable[], { image, runtime: id }: SessionCreateParams): void {
  const named = image === undefined ? undefined : runtimes.find((runtime) => runtime.id === id);
  if (!named || named.info().languages.some((language) => language.image !== undefined)) return;
  throw invalidParam('image', `the runtime ${named.id} has no images; leave out either the image or the runtime`);
}
