/** The sandbox of a run: made, given the folder, given the text. */
import type { Session } from 'codebeaker/protocol';
import type { CancellationToken } from 'vscode-jsonrpc/node';
import { faultData } from '../client/faults.ts';
import type { Link, Progress } from '../client/link.ts';
import type { Disk } from './disk.ts';
import { type SessionAsk, sessionParams } from './session-params.ts';
import type { Source } from './source.ts';

export interface SessionTellings {
  progress(progress: Progress): void;
  /** The program runs without its neighbours, and why. */
  notShared(why: string): void;
}

/** What there is besides the daemon. */
export interface SessionHelp {
  /** A sandbox that was made ahead, with the folder as it is now. */
  take?(link: Link, ask: SessionAsk, token: CancellationToken): Promise<Session | undefined>;
  readonly disk: Disk;
  /** Closes what nobody needs. @returns whether there was anything */
  makeRoom(): Promise<boolean>;
}

export interface Opened {
  readonly session: Session;
  /** Its folder could not be given to it. */
  readonly refused: boolean;
}

/** What may be wrong with a folder alone: the code can run without it. */
const folderFaults: readonly (string | undefined)[] = ['PolicyDenied', 'NotTrusted', 'FileNotFound', 'DiskFull', 'FileTooLarge'];

/** What a session is made with. */
interface Making {
  readonly link: Link;
  readonly ask: SessionAsk;
  readonly progressToken: string;
  readonly token: CancellationToken;
  readonly tell: SessionTellings;
  readonly help: SessionHelp;
}

/** @throws what the daemon answers. No session is left then. */
export async function openSession(making: Making): Promise<Opened> {
  const { link, ask, token, help } = making;
  const ready = await help.take?.(link, ask, token);
  // One that was lost meanwhile does not take the text.
  if (ready && (await giveText(making, ready).then(() => true, () => false))) return { session: ready, refused: false };
  const listening = link.onProgress(making.progressToken, making.tell.progress);
  try {
    const opened = await createSession(making);
    await giveText(making, opened.session);
    return opened;
  } finally {
    listening.dispose();
  }
}

async function giveText({ link, ask, token }: Making, { sessionId }: Session): Promise<void> {
  const { path, text } = ask.source;
  await link.request('command/writeFile', { sessionId, path, content: text }, token).catch((fault: unknown) => {
    link.request('session/close', { sessionId }).catch(() => undefined);
    throw fault;
  });
}

/** A file that has no neighbours needs no folder: a sandbox without one is there at once. */
async function createSession(making: Making): Promise<Opened> {
  const { ask, tell, token, help } = making;
  const { folder, path } = ask.source;
  if (!folder || (await help.disk.isAlone(folder.fsPath, path))) return { session: await create(making, undefined), refused: false };
  try {
    return { session: await create(making, folder), refused: false };
  } catch (fault) {
    const { kind } = faultData(fault);
    if (!folderFaults.includes(kind) || token.isCancellationRequested) throw fault;
    const session = await create(making, undefined);
    tell.notShared((fault as Error).message);
    return { session, refused: true };
  }
}

async function create({ link, ask, progressToken, token, help }: Making, folder: Source['folder']): Promise<Session> {
  const params = { ...sessionParams(ask, folder), workDoneToken: progressToken };
  try {
    return await link.request('session/create', params, token);
  } catch (fault) {
    if (faultData(fault).kind !== 'TooManySessions' || !(await help.makeRoom())) throw fault;
    return link.request('session/create', params, token);
  }
}
