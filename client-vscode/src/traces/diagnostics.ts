/** Shows the traces of a failed run as problems in the documents. */
import type { Code, vscode } from '../base/code.ts';
import { SCHEME, splitUri } from '../base/session-uri.ts';
import type { RunEnd } from '../run/run.ts';
import type { Source } from '../run/source/source.ts';
import { hasFailed } from '../run/verdict.ts';
import type { Trace } from './frame.ts';
import { Locator } from './locate.ts';
import type { Place } from './place.ts';
import { findTraces } from './trace.ts';

interface Placed {
  readonly uri: vscode.Uri;
  readonly range: vscode.Range;
}

/** A deep recursion can have thousands of frames. */
const MAX_FRAMES = 100;

export class TraceDiagnostics {
  readonly #code: Code;
  readonly #problems: vscode.DiagnosticCollection;
  /** The source's URI → the documents that have problems of it. */
  readonly #documents = new Map<string, vscode.Uri[]>();

  constructor(code: Code) {
    this.#code = code;
    this.#problems = code.languages.createDiagnosticCollection('codebeaker');
  }

  /** Removes the problems of every run that has to do with a document whose text has changed: they are about what it was. */
  edited(uri: vscode.Uri): void {
    const edited = uri.toString();
    for (const [source, documents] of this.#documents) {
      if (source === edited || documents.some((document) => document.toString() === edited)) this.#clear(source);
    }
  }

  /** Removes the problems of a source that runs again or is closed. */
  clear(uri: vscode.Uri): void {
    this.#clear(uri.toString());
  }

  /** Resolves when they are shown, or when the source has run again or changed in the meantime. */
  async show(source: Source, { result, output, session }: RunEnd): Promise<void> {
    this.clear(source.uri);
    if (!hasFailed(result)) return;
    const key = source.uri.toString();
    const documents: vscode.Uri[] = [];
    this.#documents.set(key, documents);
    const locator = new Locator(this.#code, { source, sessionId: session.sessionId });
    const found = new Map<string, [vscode.Uri, vscode.Diagnostic[]]>();
    for (const trace of findTraces(source.language, output)) {
      const placed = await this.#problem(trace, locator);
      if (!placed) continue;
      const [uri, problem] = placed;
      const [, problems] = found.get(uri.toString()) ?? [uri, []];
      found.set(uri.toString(), [uri, [...problems, problem]]);
    }
    if (this.#documents.get(key) !== documents) return;
    for (const [uri, problems] of found.values()) {
      documents.push(uri);
      this.#problems.set(uri, problems);
    }
  }

  /** Removes the problems in files of a sandbox that is gone. @param sessionId undefined: all sandboxes are gone */
  sandboxClosed(sessionId: string | undefined): void {
    for (const uri of [...this.#documents.values()].flat()) {
      if (uri.scheme === SCHEME && (sessionId === undefined || splitUri(uri).sessionId === sessionId)) this.#problems.delete(uri);
    }
  }

  dispose(): void {
    this.#problems.dispose();
  }

  #clear(source: string): void {
    for (const document of this.#documents.get(source) ?? []) this.#problems.delete(document);
    this.#documents.delete(source);
  }

  /** The problem is at the innermost frame that is in one of the person's documents or in the sandbox; the places it was called from are related information. */
  async #problem({ message, frames }: Trace, locator: Locator): Promise<[vscode.Uri, vscode.Diagnostic] | undefined> {
    const placed = await Promise.all(frames.slice(0, MAX_FRAMES).map((frame) => locator.placeOf(frame)));
    const [first, ...callers] = placed.flatMap((place) => (place ? [this.#rangeOf(place)] : []));
    if (!first) return undefined;
    const { Diagnostic, DiagnosticRelatedInformation, Location, l10n } = this.#code;
    const problem = new Diagnostic(first.range, message);
    problem.source = 'Run in Sandbox';
    problem.relatedInformation = callers.map(
      ({ uri, range }) => new DiagnosticRelatedInformation(new Location(uri, range), l10n.t('called from here')),
    );
    return [first.uri, problem];
  }

  #rangeOf({ uri, line, column }: Place): Placed {
    const { Range } = this.#code;
    const open = this.#code.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    const row = Math.max(0, line - 1);
    if (!open || row >= open.lineCount) return { uri, range: new Range(row, (column ?? 1) - 1, row, Number.MAX_SAFE_INTEGER) };
    const { range, firstNonWhitespaceCharacterIndex: indent } = open.lineAt(row);
    return { uri, range: new Range(row, Math.min(column === undefined ? indent : column - 1, range.end.character), row, range.end.character) };
  }
}
