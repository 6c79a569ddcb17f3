/**
 * Spare sandboxes: made when a run has ended, with a copy of its folder, so that the next run of the same file starts at
 * once. No program has run in a spare, and before it is used the files that have changed since are sent to its copy.
 */
import { CancellationTokenSource, type CancellationToken } from 'vscode-jsonrpc/node';
import type { Session } from 'codebeaker/protocol';
import type { Clock } from '../../base/clock.ts';
import { type Log, messageOf } from '../../base/log.ts';
import type { Connection } from '../../client/connection.ts';
import type { Disk } from './disk.ts';
import { sendChangedFiles } from './send-changes.ts';
import { sandboxKey, type SandboxSpec, sessionParams } from './session-params.ts';
import { changesBetween, type FolderSnapshot } from './snapshot.ts';

export interface SparesParts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
}

interface Made {
  readonly session: Session;
  /** The folder just before it was copied. */
  readonly snapshot: FolderSnapshot;
}

interface Spare {
  readonly connection: Connection;
  /** The parameters that it was made with. Only a run with the same ones can take it. */
  readonly key: string;
  readonly document: string;
  readonly made: Promise<Made>;
  readonly cancel: CancellationTokenSource;
  cancelExpiry(): void;
}

export const MAX_SPARES = 2;
export const MAX_AGE_MS = 5 * 60_000;

export class Spares {
  readonly #parts: SparesParts;
  /** The newest is the last. */
  #spares: Spare[] = [];
  readonly #sessionIds = new Set<string>();

  constructor(parts: SparesParts) {
    this.#parts = parts;
  }

  /** Whether the session is a spare that no run has taken yet. */
  has(sessionId: string): boolean {
    return this.#sessionIds.has(sessionId);
  }

  /** Begins to make a spare for another run like this one. It replaces the spare of the same document. */
  prepare(connection: Connection, spec: SandboxSpec): void {
    const document = spec.source.uri.toString();
    this.discardOf(document);
    const cancel = new CancellationTokenSource();
    const made = this.#make(connection, spec, cancel.token);
    const spare: Spare = {
      connection,
      key: sandboxKey(spec),
      document,
      made,
      cancel,
      cancelExpiry: this.#parts.clock.after(MAX_AGE_MS, () => void this.#discard(spare)),
    };
    this.#spares.push(spare);
    made.catch((fault: unknown) => {
      this.#parts.log.trace(`No spare sandbox was made: ${messageOf(fault)}`);
      this.#remove(spare);
    });
    for (const old of this.#spares.slice(0, -MAX_SPARES)) void this.#discard(old);
  }

  /**
   * Takes a spare that fits and brings its copy of the folder up to date. The session is the caller's from then on.
   * @returns undefined if no spare fits, or if too much has changed in the folder
   */
  async take(connection: Connection, spec: SandboxSpec, token: CancellationToken): Promise<Session | undefined> {
    const key = sandboxKey(spec);
    const spare = this.#spares.find((other) => other.connection === connection && other.key === key);
    if (!spare) return undefined;
    this.#remove(spare);
    const listening = token.onCancellationRequested(() => spare.cancel.cancel());
    try {
      const [{ session, snapshot }, now] = await Promise.all([spare.made, this.#snapshot(spec)]);
      const changes = now && changesBetween(snapshot, now);
      // The document itself is left out: its text is written before every run.
      const others = changes && { ...changes, changed: changes.changed.filter((path) => path !== spec.source.path) };
      const root = spec.source.folder?.fsPath ?? '';
      if (others && (await sendChangedFiles({ connection, sessionId: session.sessionId, root }, others, this.#parts.disk))) {
        this.#sessionIds.delete(session.sessionId);
        return session;
      }
    } catch (fault) {
      this.#parts.log.trace(`The spare sandbox is not used: ${messageOf(fault)}`);
    } finally {
      listening.dispose();
    }
    void this.#discard(spare);
    return undefined;
  }

  /** Closes the spare of a document that will not run again soon. */
  discardOf(document: string): void {
    for (const spare of this.#spares.filter((other) => other.document === document)) void this.#discard(spare);
  }

  /** Resolves when all are closed. @returns whether there were any */
  async discardAll(): Promise<boolean> {
    const all = [...this.#spares];
    await Promise.all(all.map((spare) => this.#discard(spare)));
    return all.length > 0;
  }

  async #make(connection: Connection, spec: SandboxSpec, token: CancellationToken): Promise<Made> {
    const snapshot = await this.#snapshot(spec);
    if (!snapshot) throw new Error('the folder is too large to be copied in advance');
    const session = await connection.request('session/create', sessionParams(spec, spec.source.folder), token);
    this.#sessionIds.add(session.sessionId);
    return { session, snapshot };
  }

  async #snapshot({ source: { folder } }: SandboxSpec): Promise<FolderSnapshot | undefined> {
    return folder ? this.#parts.disk.snapshot(folder.fsPath) : noFolder;
  }

  #remove(spare: Spare): void {
    spare.cancelExpiry();
    this.#spares = this.#spares.filter((other) => other !== spare);
  }

  async #discard(spare: Spare): Promise<void> {
    this.#remove(spare);
    spare.cancel.cancel();
    try {
      const { sessionId } = (await spare.made).session;
      await spare.connection.request('session/close', { sessionId }).finally(() => this.#sessionIds.delete(sessionId));
    } catch {
      // It was never made, or it is closed already.
    }
  }
}

const noFolder: FolderSnapshot = { files: new Map(), folders: new Set() };
