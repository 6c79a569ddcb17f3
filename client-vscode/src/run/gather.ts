/** From a document in the editor to what is asked of a run. */
import type { LanguageId } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { type Settings, readSettings } from '../base/settings.ts';
import { languageOf } from './language.ts';
import type { Options } from './options.ts';
import { type Chosen, profileFor } from './profile.ts';
import type { RunAsk } from './run.ts';
import { type Selected, sourceOf } from './source.ts';

/** @returns undefined where the language is none that can be run. */
export function gather(code: Code, document: vscode.TextDocument, options: Options, selected?: Selected): RunAsk | undefined {
  const language = languageOf(document.languageId);
  if (!language) return undefined;
  const settings: Settings = readSettings(code, document.uri);
  const root = sharedRoot(code, document.uri);
  const source = sourceOf({ uri: document.uri, language, text: document.getText(), selected, root, share: settings.share });
  return { source, options, chosen: chosenFor(code, document, language), strict: settings.strict, part: selected !== undefined };
}

/** What the settings say for the document. */
export function chosenFor(code: Code, document: vscode.TextDocument, language: LanguageId): Chosen {
  return profileFor(readSettings(code, document.uri), language, (glob) => code.languages.match({ pattern: glob }, document) > 0);
}

export function selectionOf({ document, selection }: vscode.TextEditor): Selected | undefined {
  if (selection.isEmpty) return undefined;
  // From the start of its first line, so that the indentation of all lines can be compared.
  const start = document.lineAt(selection.start.line).range.start;
  const firstIsBlankBefore = document.lineAt(selection.start.line).text.slice(0, selection.start.character).trim() === '';
  const range = selection.with(firstIsBlankBefore ? start : selection.start);
  return { startLine: selection.start.line, text: document.getText(range) };
}

/** The workspace folder that may be shared: trusted, and on this machine's disk. */
function sharedRoot({ workspace }: Code, uri: vscode.Uri): vscode.Uri | undefined {
  if (!workspace.isTrusted || uri.scheme !== 'file') return undefined;
  return workspace.getWorkspaceFolder(uri)?.uri;
}
