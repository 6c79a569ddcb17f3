/** The sandbox of a run: made, given the folder, given the text. */
import type { Session } from 'codebeaker/protocol';
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { faultData } from '../client/faults.ts';
import type { Link, Progress } from '../client/link.ts';
import type { Options } from './options.ts';
import type { Chosen } from './profile.ts';
import type { Source } from './source.ts';

export interface SessionAsk {
  readonly source: Source;
  readonly chosen: Chosen;
  readonly options: Options;
  readonly strict: boolean;
  readonly progressToken: string;
}

export interface SessionTellings {
  progress(progress: Progress): void;
  /** The program runs without its neighbours, and why. */
  notShared(why: string): void;
}

/** What may be wrong with a folder alone: the code can run without it. */
const folderFaults: readonly (string | undefined)[] = ['PolicyDenied', 'NotTrusted', 'FileNotFound', 'DiskFull', 'FileTooLarge'];

/** @throws what the daemon answers. No session is left then. */
export async function openSession(link: Link, ask: SessionAsk, tell: SessionTellings, token: CancellationToken): Promise<Session> {
  const { source, chosen, options, strict, progressToken } = ask;
  const listening = link.onProgress(progressToken, tell.progress);
  const params = {
    ...chosen,
    language: source.language,
    label: source.name.slice(0, 200),
    // What the editor's terminal is, for programs that have one.
    env: { TERM: 'xterm-256color', ...options.env },
    strict,
    workDoneToken: progressToken,
  };
  try {
    const session = await createSession(link, params, source, tell, token);
    await link.request('command/writeFile', { sessionId: session.sessionId, path: source.path, content: source.text }, token).catch((fault: unknown) => {
      link.request('session/close', { sessionId: session.sessionId }).catch(() => undefined);
      throw fault;
    });
    return session;
  } finally {
    listening.dispose();
  }
}

async function createSession(
  link: Link,
  params: Parameters<typeof link.request<'session/create'>>[1],
  { folder }: Source,
  tell: SessionTellings,
  token: CancellationToken,
): Promise<Session> {
  if (!folder) return link.request('session/create', params, token);
  try {
    return await link.request('session/create', { ...params, workspace: { uri: folder.toString(), access: 'copy' } }, token);
  } catch (fault) {
    const { kind } = faultData(fault);
    if (!folderFaults.includes(kind) || token.isCancellationRequested) throw fault;
    const session = await link.request('session/create', params, token);
    tell.notShared((fault as Error).message);
    return session;
  }
}
