/**
 * Sandboxes for the next runs: made when a run has ended, with a copy of its folder, while nobody waits. Nobody has been
 * in one; and before it is used its copy is made what the folder is by then. So the next run of the file starts at once,
 * in a fresh sandbox.
 */
import { CancellationTokenSource, type CancellationToken } from 'vscode-jsonrpc/node';
import type { Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import { type Log, words } from '../base/log.ts';
import type { Link } from '../client/link.ts';
import type { Disk } from './disk.ts';
import { changesBetween, type Listing } from './listing.ts';
import { refreshCopy } from './refresh.ts';
import { type SessionAsk, sessionParams } from './session-params.ts';

export interface SparesParts {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
}

interface Made {
  readonly session: Session;
  /** What was in the folder before it was copied. */
  readonly listing: Listing;
}

interface Spare {
  readonly link: Link;
  /** What it was made for: a run that asks for anything else gets another. */
  readonly key: string;
  readonly document: string;
  readonly made: Promise<Made>;
  readonly cancel: CancellationTokenSource;
  /** It does not go by itself any more. */
  keep(): void;
}

export const MAX_SPARES = 2;
export const MAX_AGE_MS = 5 * 60_000;

export class Spares {
  readonly #parts: SparesParts;
  /** The newest is the last. */
  #spares: Spare[] = [];
  readonly #ids = new Set<string>();

  constructor(parts: SparesParts) {
    this.#parts = parts;
  }

  /** Whether the session is one that nobody has used yet. */
  has(sessionId: string): boolean {
    return this.#ids.has(sessionId);
  }

  /** Begins to make one for another run like this, in the place of what was there for its document. */
  prepare(link: Link, ask: SessionAsk): void {
    const document = ask.source.uri.toString();
    this.drop(document);
    const cancel = new CancellationTokenSource();
    const made = this.#make(link, ask, cancel.token);
    const spare: Spare = {
      link,
      key: keyOf(ask),
      document,
      made,
      cancel,
      keep: this.#parts.clock.after(MAX_AGE_MS, () => void this.#discard(spare)),
    };
    this.#spares.push(spare);
    made.catch((fault: unknown) => {
      this.#parts.log.trace(`no sandbox was made ahead: ${words(fault)}`);
      this.#remove(spare);
    });
    for (const old of this.#spares.slice(0, -MAX_SPARES)) void this.#discard(old);
  }

  /** One that fits, with the folder as it is now. It is the caller's then. Undefined where there is none. */
  async take(link: Link, ask: SessionAsk, token: CancellationToken): Promise<Session | undefined> {
    const key = keyOf(ask);
    const spare = this.#spares.find((other) => other.link === link && other.key === key);
    if (!spare) return undefined;
    this.#remove(spare);
    const listening = token.onCancellationRequested(() => spare.cancel.cancel());
    try {
      const [{ session, listing }, now] = await Promise.all([spare.made, this.#list(ask)]);
      const changes = now && changesBetween(listing, now);
      // The text of the document is written in any case.
      const others = changes && { ...changes, changed: changes.changed.filter((path) => path !== ask.source.path) };
      const root = ask.source.folder?.fsPath ?? '';
      if (others && (await refreshCopy({ link, sessionId: session.sessionId, root }, others, this.#parts.disk))) {
        this.#ids.delete(session.sessionId);
        return session;
      }
    } catch (fault) {
      this.#parts.log.trace(`the sandbox made ahead is not used: ${words(fault)}`);
    } finally {
      listening.dispose();
    }
    void this.#discard(spare);
    return undefined;
  }

  /** Nobody will run the document soon. */
  drop(document: string): void {
    for (const spare of this.#spares.filter((other) => other.document === document)) void this.#discard(spare);
  }

  /** Resolves when all are closed. @returns whether there were any */
  async clear(): Promise<boolean> {
    const all = [...this.#spares];
    await Promise.all(all.map((spare) => this.#discard(spare)));
    return all.length > 0;
  }

  async #make(link: Link, ask: SessionAsk, token: CancellationToken): Promise<Made> {
    const listing = await this.#list(ask);
    if (!listing) throw new Error('the folder is too large to be held twice');
    const session = await link.request('session/create', sessionParams(ask, ask.source.folder), token);
    this.#ids.add(session.sessionId);
    return { session, listing };
  }

  async #list({ source: { folder } }: SessionAsk): Promise<Listing | undefined> {
    return folder ? this.#parts.disk.list(folder.fsPath) : nothing;
  }

  #remove(spare: Spare): void {
    spare.keep();
    this.#spares = this.#spares.filter((other) => other !== spare);
  }

  async #discard(spare: Spare): Promise<void> {
    this.#remove(spare);
    spare.cancel.cancel();
    try {
      const { sessionId } = (await spare.made).session;
      await spare.link.request('session/close', { sessionId }).finally(() => this.#ids.delete(sessionId));
    } catch {
      // It was never made, or is gone.
    }
  }
}

const nothing: Listing = { files: new Map(), folders: new Set() };

function keyOf(ask: SessionAsk): string {
  return JSON.stringify(sessionParams(ask, ask.source.folder));
}
