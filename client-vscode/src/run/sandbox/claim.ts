/** Gets a sandbox for a run, a spare one or a new one, and writes the text that is to run into it. */
import type { Session } from 'codebeaker/protocol';
import type { CancellationToken } from 'vscode-jsonrpc/node';
import type { Connection, Progress } from '../../client/connection.ts';
import { faultData } from '../../client/faults.ts';
import type { Source } from '../source/source.ts';
import type { Disk } from './disk.ts';
import { type SandboxSpec, sessionParams } from './session-params.ts';

/** Told while the sandbox is being claimed. */
export interface ClaimReport {
  progress(progress: Progress): void;
  /** The program runs without the other files of its folder, for this reason. */
  withoutFolder(reason: string): void;
}

/** What a claim needs besides the daemon. */
export interface SandboxSupply {
  /** Takes a spare sandbox that fits, with its copy of the folder brought up to date. */
  takeSpare?(connection: Connection, spec: SandboxSpec, token: CancellationToken): Promise<Session | undefined>;
  readonly disk: Disk;
  /** Closes the sandboxes that no program uses and no terminal shows. @returns whether there were any */
  makeRoom(): Promise<boolean>;
}

export interface Claimed {
  readonly session: Session;
  /** Whether the daemon refused to copy the folder into the sandbox. */
  readonly folderRefused: boolean;
}

/** Errors that can be about the folder alone: the code may still run without it. */
const folderErrors: readonly (string | undefined)[] = ['PolicyDenied', 'NotTrusted', 'FileNotFound', 'DiskFull', 'FileTooLarge'];

interface Claim {
  readonly connection: Connection;
  readonly spec: SandboxSpec;
  readonly progressToken: string;
  readonly token: CancellationToken;
  readonly report: ClaimReport;
  readonly supply: SandboxSupply;
}

/** @throws what the daemon answers. No session is left open then. */
export async function claimSandbox(claim: Claim): Promise<Claimed> {
  const { connection, spec, token, supply } = claim;
  const spare = await supply.takeSpare?.(connection, spec, token);
  // A spare that was lost in the meantime refuses the text: then a new sandbox is made.
  if (spare && (await writeText(claim, spare).then(() => true, () => false))) return { session: spare, folderRefused: false };
  const listening = connection.onProgress(claim.progressToken, claim.report.progress);
  try {
    const created = await createSandbox(claim);
    await writeText(claim, created.session);
    return created;
  } finally {
    listening.dispose();
  }
}

/** Closes the session if the text cannot be written. */
async function writeText({ connection, spec, token }: Claim, { sessionId }: Session): Promise<void> {
  const { path, text } = spec.source;
  await connection.request('command/writeFile', { sessionId, path, content: text }, token).catch((fault: unknown) => {
    connection.request('session/close', { sessionId }).catch(() => undefined);
    throw fault;
  });
}

/** A file that is alone in its folder gets a sandbox without a folder, because the daemon may have one of those ready. */
async function createSandbox(claim: Claim): Promise<Claimed> {
  const { spec, report, token, supply } = claim;
  const { folder, path } = spec.source;
  if (!folder || (await supply.disk.isOnlyEntry(folder.fsPath, path))) return { session: await createSession(claim, undefined), folderRefused: false };
  try {
    return { session: await createSession(claim, folder), folderRefused: false };
  } catch (fault) {
    const { kind } = faultData(fault);
    if (!folderErrors.includes(kind) || token.isCancellationRequested) throw fault;
    const session = await createSession(claim, undefined);
    report.withoutFolder((fault as Error).message);
    return { session, folderRefused: true };
  }
}

/** Makes room and tries once more if the daemon has too many sessions. */
async function createSession({ connection, spec, progressToken, token, supply }: Claim, folder: Source['folder']): Promise<Session> {
  const params = { ...sessionParams(spec, folder), workDoneToken: progressToken };
  try {
    return await connection.request('session/create', params, token);
  } catch (fault) {
    if (faultData(fault).kind !== 'TooManySessions' || !(await supply.makeRoom())) throw fault;
    return connection.request('session/create', params, token);
  }
}
