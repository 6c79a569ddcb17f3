/**
 * What is different where the daemon is on another machine: it sees no folder of this one. So it is told of none, a session
 * that wants a copy of a folder gets the files one by one, and what cannot be had is refused in words.
 */
import { type ClientCapabilities, errorCodes, type InstallPackagesResult, ProtocolError, type Session, type SessionCreateParams } from '../protocol/index.ts';
import { type Message, parsed } from './message.ts';
import { Told } from './progress.ts';
import { Answered, OwnRequests } from './requests.ts';

/** What the client has said of its folders. */
export interface Opened {
  readonly folders: readonly string[];
  readonly trusted: boolean;
}

type Ask = (method: string, params: object) => Promise<unknown>;

/** How folders of this machine are found and sent. */
export interface Folders {
  /** Sends the files of a folder into the session. @returns why not everything went along; undefined: it did @throws ProtocolError, Answered */
  send(ask: Ask, session: Session, workspace: NonNullable<SessionCreateParams['workspace']>, signal: AbortSignal): Promise<string | undefined>;
  /** @throws ProtocolError where the folder may not be shared */
  check(workspace: NonNullable<SessionCreateParams['workspace']>, opened: Opened): Promise<void>;
}

export interface ElsewhereParts {
  /** The address of the daemon, for people. */
  readonly url: string;
  readonly folders: Folders;
  toClient(message: object): Promise<void>;
  toDaemon(message: object): Promise<void>;
}

/** Only messages with one of these words in them are looked into. Some clients write a slash with a backslash before it. */
const words = ['"session/create"', '"session\\/create"', '"ports/forward"', '"ports\\/forward"'];
const CANCEL = '/cancelRequest"';

type Create = SessionCreateParams & { readonly workspace: NonNullable<SessionCreateParams['workspace']> };

export class Elsewhere {
  readonly #parts: ElsewhereParts;
  readonly #requests: OwnRequests;
  /** By the ids of the client's requests. */
  readonly #creating = new Map<unknown, AbortController>();
  /** The folders of which the client knows that not everything went along. */
  readonly #warned = new Set<string>();
  /** What is told of the sessions that are made, by the client's tokens. */
  readonly #told = new Map<unknown, Told>();
  #opened: (Opened & { readonly shows: boolean }) | undefined;

  constructor(parts: ElsewhereParts) {
    this.#parts = parts;
    this.#requests = new OwnRequests((message) => parts.toDaemon(message));
  }

  /** @returns what is passed on; undefined: nothing, because it is answered here */
  fromClient(body: Buffer): Buffer | undefined {
    if (!this.#opened) return this.#first(body);
    if (words.some((word) => body.includes(word))) return this.#own(body) ? undefined : body;
    if (this.#creating.size > 0 && body.includes(CANCEL) && this.#cancelled(parsed(body))) return undefined;
    return body;
  }

  /** @returns whether it is not for the client */
  fromDaemon(body: Buffer): boolean {
    if (this.#told.size > 0 && Told.looksLike(body)) {
      const { method, params } = parsed(body) ?? {};
      const told = method === '$/progress' ? this.#told.get(params?.token) : undefined;
      told?.tell(params?.value);
      if (told) return true;
    }
    if (!this.#requests.any || !OwnRequests.looksLike(body)) return false;
    const message = parsed(body);
    return message !== undefined && this.#requests.take(message);
  }

  /** `initialize`. Whatever else it is, the daemon answers it. */
  #first(body: Buffer): Buffer {
    const message = parsed(body);
    if (message?.method !== 'initialize') return body;
    const { workspaceFolders, ...params } = message.params ?? {};
    const folders = Array.isArray(workspaceFolders) ? workspaceFolders.map((folder: { uri?: unknown } | null) => String(folder?.uri)) : [];
    const { window } = (params.capabilities ?? {}) as ClientCapabilities;
    this.#opened = { folders, trusted: params.trusted !== false, shows: window?.showMessage !== undefined };
    return Buffer.from(JSON.stringify({ ...message, params }));
  }

  /** @returns whether the request is answered here */
  #own(body: Buffer): boolean {
    const message = parsed(body);
    if (message?.id === undefined) return false;
    const { id, method, params } = message;
    if (method === 'ports/forward') {
      void this.#answer(id, async () => {
        throw new ProtocolError('PolicyDenied', `the daemon is on another machine (${this.#parts.url}), where the port would be opened, and not here: run programs that listen with a daemon of this machine; if it is this machine, start connect with --same-machine`, { policy: 'ports', rule: 'elsewhere' });
      });
      return true;
    }
    if (method !== 'session/create' || typeof params?.workspace !== 'object' || params.workspace === null) return false;
    const abort = new AbortController();
    this.#creating.set(id, abort);
    void this.#answer(id, () => this.#create(params as Create, abort.signal)).finally(() => this.#creating.delete(id));
    return true;
  }

  #cancelled(message: Message | undefined): boolean {
    const creating = message?.method === '$/cancelRequest' ? this.#creating.get(message.params?.id) : undefined;
    creating?.abort();
    return creating !== undefined;
  }

  async #answer(id: Message['id'], work: () => Promise<unknown>): Promise<void> {
    const answer = await work().then((result) => ({ result }), (fault: unknown) => ({ error: errorOf(fault) }));
    await this.#parts.toClient({ jsonrpc: '2.0', id, ...answer });
  }

  async #create(params: Create, signal: AbortSignal): Promise<Session> {
    const { workDoneToken: token } = params;
    const told = new Told((value) => void (token !== undefined && this.#parts.toClient({ jsonrpc: '2.0', method: '$/progress', params: { token, value } })));
    if (token !== undefined) this.#told.set(token, told);
    try {
      return await this.#steps(params, told, signal);
    } finally {
      this.#told.delete(token);
      told.end();
    }
  }

  /** What the daemon does with a folder that it sees, in steps of which each tells its progress as if there were no others. */
  async #steps({ workspace, packages, ...params }: Create, told: Told, signal: AbortSignal): Promise<Session> {
    const { folders } = this.#parts;
    const ask: Ask = (method, asked) => this.#requests.send(method, asked, signal);
    if (workspace.access !== 'copy') throw new ProtocolError('PolicyDenied', `the daemon is on another machine (${this.#parts.url}), so a folder of this one can be copied, and not shared; if it is this machine, start connect with --same-machine`, { policy: 'workspace', rule: 'elsewhere' });
    await folders.check(workspace, this.#opened ?? { folders: [], trusted: false });
    // An empty list of names has the session made where packages can be installed.
    const session = (await ask('session/create', { ...params, ...(packages ? { packages: { names: [] } } : {}) })) as Session;
    try {
      told.tell({ kind: 'begin', title: 'Sending the folder', message: 'sending the folder' });
      const missing = await folders.send(ask, session, workspace, signal);
      if (missing !== undefined) this.#warn(workspace.uri, missing);
      return packages ? await this.#install(session, packages, params, ask) : session;
    } catch (fault) {
      // Nobody needs to wait for it, and nobody would hear that it fails.
      void this.#requests.send('session/close', { sessionId: session.sessionId }).catch(() => undefined);
      throw signal.aborted ? new ProtocolError('RequestCancelled', 'The request was cancelled.') : fault;
    }
  }

  /** Says it once of each folder, to a client that shows messages. */
  #warn(uri: string, message: string): void {
    if (this.#warned.has(uri)) return;
    this.#warned.add(uri);
    void this.#parts.toClient({ jsonrpc: '2.0', method: this.#opened?.shows ? 'window/showMessage' : 'window/logMessage', params: { type: 2, message } });
  }

  async #install(session: Session, { names, ...packages }: NonNullable<SessionCreateParams['packages']>, { workDoneToken }: SessionCreateParams, ask: Ask): Promise<Session> {
    if (names?.length === 0 && packages.manifest === undefined) return session;
    const params = { sessionId: session.sessionId, ...packages, ...(names ? { packages: names } : {}), ...(workDoneToken === undefined ? {} : { workDoneToken }) };
    const { outcome, advisories } = (await ask('command/installPackages', params)) as InstallPackagesResult;
    if (outcome !== 'exited') throw new ProtocolError('PackageInstallFailed', `the packages of the session were not installed: the outcome was ${outcome}`, { outcome });
    return { ...session, ...(advisories ? { advisories } : {}) };
  }
}

function errorOf(fault: unknown): Message['error'] {
  if (fault instanceof Answered) return fault.error;
  if (fault instanceof ProtocolError) return { code: fault.code, message: fault.message, data: fault.data };
  return { code: errorCodes.InternalError, message: `codebeaker connect: ${(fault as Error).message}` };
}
