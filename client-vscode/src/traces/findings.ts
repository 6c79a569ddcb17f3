/** Shows what the daemon found in a program as problems in its document. */
import type { Code, vscode } from '../base/code.ts';
import type { Params } from '../client/methods.ts';
import type { Source } from '../run/source/source.ts';

type Found = Params<'command/diagnostics'>['diagnostics'][number];

export class Findings {
  readonly #code: Code;
  readonly #problems: vscode.DiagnosticCollection;

  constructor(code: Code) {
    this.#code = code;
    this.#problems = code.languages.createDiagnosticCollection('codebeaker-scan');
  }

  /** Removes what was found in a document that has changed, runs again or is closed. */
  clear(uri: vscode.Uri): void {
    this.#problems.delete(uri);
  }

  /** `found` is what there is in the text of the source as it was run. It is not shown where the document has changed since. */
  show(source: Source, found: readonly Found[]): void {
    const open = this.#code.workspace.textDocuments.find((document) => document.uri.toString() === source.uri.toString());
    if (!open || (source.columnOffset === 0 && open.getText() !== source.text)) return this.clear(source.uri);
    this.#problems.set(source.uri, found.map((each) => this.#problem(each, source.columnOffset)));
  }

  dispose(): void {
    this.#problems.dispose();
  }

  #problem({ range: { start, end }, severity, message, code, codeDescription }: Found, columnOffset: number): vscode.Diagnostic {
    const { Diagnostic, Range, Uri } = this.#code;
    // The editor counts severities from 0, LSP from 1.
    const problem = new Diagnostic(new Range(start.line, start.character + columnOffset, end.line, end.character + columnOffset), message, severity - 1);
    problem.source = 'CodeBeaker';
    problem.code = codeDescription ? { value: code, target: Uri.parse(codeDescription.href) } : code;
    return problem;
  }
}
