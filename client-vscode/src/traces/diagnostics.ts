/** A failed run's trace as a problem in the buffer. */
import type { Code, vscode } from '../base/code.ts';
import type { RunEnd } from '../run/run.ts';
import type { Source } from '../run/source.ts';
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
  /** The documents that hold problems of a source, by the source. */
  readonly #touched = new Map<string, vscode.Uri[]>();

  constructor(code: Code) {
    this.#code = code;
    this.#problems = code.languages.createDiagnosticCollection('codebeaker');
  }

  /** Of a run that has started again, or a document that is closed. */
  clear(uri: vscode.Uri): void {
    for (const touched of this.#touched.get(uri.toString()) ?? []) this.#problems.delete(touched);
    this.#touched.delete(uri.toString());
  }

  show(source: Source, { result, output }: RunEnd): void {
    this.clear(source.uri);
    if (result.outcome !== 'exited' || result.exitCode === 0) return;
    const found = new Map<string, [vscode.Uri, vscode.Diagnostic[]]>();
    for (const trace of findTraces(source.language, output)) {
      const placed = this.#problem(trace, source);
      if (!placed) continue;
      const [uri, problem] = placed;
      const entry = found.get(uri.toString()) ?? [uri, []];
      entry[1].push(problem);
      found.set(uri.toString(), entry);
    }
    for (const [uri, problems] of found.values()) this.#problems.set(uri, problems);
    this.#touched.set(source.uri.toString(), [...found.values()].map(([uri]) => uri));
  }

  dispose(): void {
    this.#problems.dispose();
  }

  /** At the innermost frame that is the person's own; the others are where it came from. */
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

  #place({ path, line, column }: Frame, source: Source): Placed | undefined {
    const uri = placeOf(path, source);
    if (!uri) return undefined;
    const { Range } = this.#code;
    const open = this.#code.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    const row = Math.max(0, line - 1);
    if (!open || row >= open.lineCount) return { uri, range: new Range(row, (column ?? 1) - 1, row, Number.MAX_SAFE_INTEGER) };
    const { range, firstNonWhitespaceCharacterIndex: indent } = open.lineAt(row);
    return { uri, range: new Range(row, Math.min(column === undefined ? indent : column - 1, range.end.character), row, range.end.character) };
  }
}
