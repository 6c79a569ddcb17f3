/** Shows the traces of a failed run as problems in the documents. */
import type { Code, vscode } from '../base/code.ts';
import type { RunEnd } from '../run/run.ts';
import type { Source } from '../run/source/source.ts';
import { hasFailed } from '../run/verdict.ts';
import type { Frame, Trace } from './frame.ts';
import { placeOf } from './place.ts';
import { findTraces } from './trace.ts';

interface Placed {
  readonly uri: vscode.Uri;
  readonly range: vscode.Range;
}

export class TraceDiagnostics {
  readonly #code: Code;
  readonly #problems: vscode.DiagnosticCollection;
  /** The source's URI → the documents that have problems of it. */
  readonly #documents = new Map<string, vscode.Uri[]>();

  constructor(code: Code) {
    this.#code = code;
    this.#problems = code.languages.createDiagnosticCollection('codebeaker');
  }

  /** Removes the problems of a source that runs again or is closed. */
  clear(uri: vscode.Uri): void {
    for (const document of this.#documents.get(uri.toString()) ?? []) this.#problems.delete(document);
    this.#documents.delete(uri.toString());
  }

  show(source: Source, { result, output }: RunEnd): void {
    this.clear(source.uri);
    if (!hasFailed(result)) return;
    const found = new Map<string, [vscode.Uri, vscode.Diagnostic[]]>();
    for (const trace of findTraces(source.language, output)) {
      const placed = this.#problem(trace, source);
      if (!placed) continue;
      const [uri, problem] = placed;
      const [, problems] = found.get(uri.toString()) ?? [uri, []];
      found.set(uri.toString(), [uri, [...problems, problem]]);
    }
    for (const [uri, problems] of found.values()) this.#problems.set(uri, problems);
    this.#documents.set(source.uri.toString(), [...found.values()].map(([uri]) => uri));
  }

  dispose(): void {
    this.#problems.dispose();
  }

  /** The problem is at the innermost frame that is in one of the person's documents; the places it was called from are related information. */
  #problem({ message, frames }: Trace, source: Source): [vscode.Uri, vscode.Diagnostic] | undefined {
    const [first, ...callers] = frames.flatMap((frame) => this.#place(frame, source) ?? []);
    if (!first) return undefined;
    const { Diagnostic, DiagnosticRelatedInformation, Location, l10n } = this.#code;
    const problem = new Diagnostic(first.range, message);
    problem.source = 'Run in Sandbox';
    problem.relatedInformation = callers.map(
      ({ uri, range }) => new DiagnosticRelatedInformation(new Location(uri, range), l10n.t('called from here')),
    );
    return [first.uri, problem];
  }

  #place(frame: Frame, source: Source): Placed | undefined {
    const found = placeOf(frame, source);
    if (!found) return undefined;
    const { uri, line, column } = found;
    const { Range } = this.#code;
    const open = this.#code.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    const row = Math.max(0, line - 1);
    if (!open || row >= open.lineCount) return { uri, range: new Range(row, (column ?? 1) - 1, row, Number.MAX_SAFE_INTEGER) };
    const { range, firstNonWhitespaceCharacterIndex: indent } = open.lineAt(row);
    return { uri, range: new Range(row, Math.min(column === undefined ? indent : column - 1, range.end.character), row, range.end.character) };
  }
}
