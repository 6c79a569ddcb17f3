/** Remembers for each open sandbox what its program made or changed, and marks that in the Sessions view. */
import { posix } from 'node:path';
import type { Code, vscode } from '../base/code.ts';
import { Listeners } from '../base/listeners.ts';
import { type Log, messageOf } from '../base/log.ts';
import { SCHEME, splitUri } from '../base/session-uri.ts';
import type { Connection } from '../client/connection.ts';
import type { Disk } from '../run/sandbox/disk.ts';
import { type MadeFile, madeFiles, type Mark } from '../run/sandbox/made.ts';
import type { Source } from '../run/source/source.ts';

/** A run whose sandbox is open. */
export interface Ended {
  readonly sessionId: string;
  readonly source: Source;
  /** Whether the folder could not be copied into the sandbox. */
  readonly folderRefused: boolean;
}

export interface MadeParts {
  readonly code: Code;
  readonly disk: Disk;
  readonly log: Log;
  connection(): Connection | undefined;
}

interface Known {
  readonly ended: Ended;
  readonly files: readonly MadeFile[];
}

export class Made implements vscode.FileDecorationProvider {
  readonly #parts: MadeParts;
  readonly #bySession = new Map<string, Known>();
  /** The looks that are going on, each at a session that is still open. */
  readonly #looks = new Set<{ readonly sessionId: string }>();
  readonly #changed = new Listeners<void>();
  readonly #decorations: vscode.EventEmitter<undefined>;
  readonly onDidChangeFileDecorations: vscode.Event<undefined>;

  constructor(parts: MadeParts) {
    this.#parts = parts;
    this.#decorations = new parts.code.EventEmitter<undefined>();
    this.onDidChangeFileDecorations = this.#decorations.event;
  }

  onChange(listener: () => void): vscode.Disposable {
    return this.#changed.add(listener);
  }

  /** Looks at the sandbox now. @returns what is new or changed in it; none if it cannot be looked at */
  async look(ended: Ended): Promise<readonly MadeFile[]> {
    const { disk, log, connection } = this.#parts;
    const { sessionId, source, folderRefused } = ended;
    const open = connection();
    if (!open) return [];
    const look = { sessionId };
    this.#looks.add(look);
    try {
      const files = await madeFiles(open, sessionId, source, folderRefused ? undefined : source.folder?.fsPath, disk);
      if (!this.#looks.delete(look)) return [];
      this.#bySession.set(sessionId, { ended, files });
      this.#decorations.fire(undefined);
      this.#changed.tell();
      return files;
    } catch (fault) {
      this.#looks.delete(look);
      log.trace(`The files in the sandbox of ${source.name} could not be listed: ${messageOf(fault)}`);
      return [];
    }
  }

  /** Looks at every sandbox again: a person can have made files in a shell. */
  async lookAgain(): Promise<void> {
    await Promise.all([...this.#bySession.values()].map(({ ended }) => this.look(ended)));
  }

  /** The run that the sandbox belongs to; undefined if none has ended there. */
  endedIn(sessionId: string): Ended | undefined {
    return this.#bySession.get(sessionId)?.ended;
  }

  filesOf(sessionId: string): readonly MadeFile[] {
    return this.#bySession.get(sessionId)?.files ?? [];
  }

  /** The mark of a file or of a folder that has marked files in it. @param path absolute in the sandbox */
  markOf(sessionId: string, path: string): Mark | undefined {
    const below = posix.relative('/workspace', path);
    const files = this.filesOf(sessionId);
    return (files.find((file) => file.path === below) ?? files.find((file) => file.path.startsWith(`${below}/`)))?.mark;
  }

  /** @param sessionId undefined: all sandboxes are gone */
  forget(sessionId: string | undefined): void {
    if (sessionId === undefined) this.#bySession.clear();
    else this.#bySession.delete(sessionId);
    for (const look of this.#looks) if (sessionId === undefined || look.sessionId === sessionId) this.#looks.delete(look);
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    if (uri.scheme !== SCHEME) return undefined;
    const { sessionId, path } = splitUri(uri);
    const mark = this.markOf(sessionId, path);
    if (!mark) return undefined;
    const { l10n, ThemeColor } = this.#parts.code;
    return mark === 'new'
      ? { badge: 'N', tooltip: l10n.t('made by the program'), color: new ThemeColor('gitDecoration.addedResourceForeground') }
      : { badge: 'M', tooltip: l10n.t('changed by the program'), color: new ThemeColor('gitDecoration.modifiedResourceForeground') };
  }
}
