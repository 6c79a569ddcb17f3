/** Collects what is to run and with what from a document of the editor, the settings and what is remembered for the file. */
import type { LanguageId } from 'codebeaker/protocol';
import type { Code, vscode } from '../../base/code.ts';
import { readSettings } from '../../base/settings.ts';
import type { SandboxSpec } from '../sandbox/session-params.ts';
import { languageOf } from './language.ts';
import type { Options } from './options.ts';
import { profileFor, type SandboxProfile } from './profile.ts';
import { type Selection, sourceOf } from './source.ts';

export interface RunSpec extends SandboxSpec {
  /** Whether only a part of the document runs. */
  readonly isSelection: boolean;
}

/** What a run has in place of what the settings and its folder say. */
export interface RunNeeds {
  /** The path of a manifest, relative to the folder that is copied. */
  readonly manifest?: string;
  /** Beside those that the editor or the daemon keeps. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The names of those that the editor or the daemon keeps. */
  readonly secretNames?: readonly string[];
}

/** @param language that of the document by default. @returns undefined if the document's language cannot be run */
export function runSpecOf(code: Code, document: vscode.TextDocument, options: Options, selection?: Selection, language = languageOf(document.languageId)): RunSpec | undefined {
  if (!language) return undefined;
  const { share, strict, workingDirectory } = readSettings(code, document.uri);
  const root = sharedRoot(code, document.uri);
  const source = sourceOf({ uri: document.uri, language, text: document.getText(), selection, root, trusted: code.workspace.isTrusted, share, workingDirectory });
  return { source, options, profile: profileOf(code, document, language), strict, isSelection: selection !== undefined };
}

/** What the settings say about the sandbox of a document. */
export function profileOf(code: Code, document: vscode.TextDocument, language: LanguageId): SandboxProfile {
  return profileFor(readSettings(code, document.uri), language, (glob) => code.languages.match({ pattern: glob }, document) > 0);
}

export function selectionOf({ document, selection }: vscode.TextEditor): Selection | undefined {
  if (selection.isEmpty) return undefined;
  const firstLine = document.lineAt(selection.start.line);
  // Blanks before the selection are included, so that the indentation of all lines can be compared.
  const startsInIndentation = firstLine.text.slice(0, selection.start.character).trim() === '';
  const range = selection.with(startsInIndentation ? firstLine.range.start : selection.start);
  return { startLine: selection.start.line, text: document.getText(range) };
}

/** The workspace folder that may be copied into a sandbox: it must be trusted and on this machine's disk. */
function sharedRoot({ workspace }: Code, uri: vscode.Uri): vscode.Uri | undefined {
  if (!workspace.isTrusted || uri.scheme !== 'file') return undefined;
  return workspace.getWorkspaceFolder(uri)?.uri;
}
