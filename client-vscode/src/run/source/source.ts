/** The source of a run: the text as it stands in the editor, saved or not, and its place in the sandbox. */
import { posix } from 'node:path';
import type { LanguageId } from 'codebeaker/protocol';
import type { vscode } from '../../base/code.ts';
import type { Share, WorkingDirectory } from '../../base/settings.ts';
import { extensionOf } from './language.ts';

/** Why a program does not get the other files of its folder, although nobody said that it should not. */
export type Withheld = 'virtual' | 'untrusted' | 'outside';

export interface Source {
  readonly uri: vscode.Uri;
  readonly language: LanguageId;
  readonly text: string;
  /** How many characters were removed from the start of each line of the document. */
  readonly columnOffset: number;
  /** The file's path below /workspace, POSIX. */
  readonly path: string;
  /** The folder in which the program starts, POSIX, below /workspace; '.' is /workspace itself. */
  readonly cwd: string;
  /** The folder on disk whose copy becomes /workspace. */
  readonly folder: vscode.Uri | undefined;
  /**
   * `virtual`: the document is in a file system of the editor that is not on this machine's disk; `untrusted`: the workspace
   * is in Restricted Mode; `outside`: the file is in no folder of the workspace. Undefined if the folder is copied, if the
   * settings say that it should not be, and for an untitled document.
   */
  readonly withheld: Withheld | undefined;
  /** The name that people are shown. */
  readonly name: string;
}

/** A selected part of a document, with the line it starts at, counted from 0. */
export interface Selection {
  readonly startLine: number;
  readonly text: string;
}

export interface SourceInput {
  readonly uri: vscode.Uri;
  readonly language: LanguageId;
  readonly text: string;
  readonly selection: Selection | undefined;
  /** The workspace folder that the document is in, if it may be copied into a sandbox. */
  readonly root: vscode.Uri | undefined;
  /** Whether the workspace is trusted. */
  readonly trusted: boolean;
  readonly share: Share;
  readonly workingDirectory: WorkingDirectory;
}

export function sourceOf({ uri, language, text, selection, root, trusted, share, workingDirectory }: SourceInput): Source {
  const name = posix.basename(uri.path) || 'untitled';
  const fileName = posix.extname(name) === '' ? `${name}${extensionOf(language)}` : name;
  const shared = root !== undefined && share !== 'nothing' ? root : undefined;
  const wholeFolder = share === 'workspaceFolder' || workingDirectory === 'workspaceFolder';
  const folderPath = shared && (wholeFolder ? shared.path : posix.dirname(uri.path));
  const path = folderPath === undefined ? fileName : posix.join(posix.relative(folderPath, posix.dirname(uri.path)), fileName);
  return {
    uri,
    language,
    ...(selection ? selectionText(selection) : { text, columnOffset: 0 }),
    path,
    cwd: workingDirectory === 'fileFolder' ? posix.dirname(path) : '.',
    folder: folderPath === undefined ? undefined : shared?.with({ path: folderPath }),
    withheld: shared || share === 'nothing' ? undefined : whyWithheld(uri, trusted),
    name,
  };
}

function whyWithheld({ scheme }: vscode.Uri, trusted: boolean): Withheld | undefined {
  if (scheme === 'untitled') return undefined;
  if (scheme !== 'file') return 'virtual';
  return trusted ? 'outside' : 'untrusted';
}

/** Empty lines come first, so that line numbers in tracebacks are right. The indentation that all lines share is removed. */
export function selectionText({ startLine, text }: Selection): Pick<Source, 'text' | 'columnOffset'> {
  const lines = text.split(/\r?\n/);
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)?.[0] ?? '');
  const shared = indents.reduce(commonStart, indents[0] ?? '');
  const moved = lines.map((line) => line.slice(line.startsWith(shared) ? shared.length : 0));
  return { text: `${'\n'.repeat(startLine)}${moved.join('\n')}\n`, columnOffset: shared.length };
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}
