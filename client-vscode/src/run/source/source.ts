/** The source of a run: the text as it stands in the editor, saved or not, and its place in the sandbox. */
import { posix } from 'node:path';
import type { LanguageId } from 'codebeaker/protocol';
import type { vscode } from '../../base/code.ts';
import type { Share } from '../../base/settings.ts';
import { extensionOf } from './language.ts';

export interface Source {
  readonly uri: vscode.Uri;
  readonly language: LanguageId;
  readonly text: string;
  /** How many characters were removed from the start of each line of the document. */
  readonly columnOffset: number;
  /** The file's path below /workspace, POSIX. */
  readonly path: string;
  /** The folder on disk whose copy becomes /workspace. */
  readonly folder: vscode.Uri | undefined;
  /** Whether the document is in a file system of the editor that is not on this machine's disk. */
  readonly virtual: boolean;
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
  readonly share: Share;
}

export function sourceOf({ uri, language, text, selection, root, share }: SourceInput): Source {
  const name = posix.basename(uri.path) || 'untitled';
  const fileName = posix.extname(name) === '' ? `${name}${extensionOf(language)}` : name;
  const shared = root !== undefined && share !== 'nothing' ? root : undefined;
  const folderPath = shared && (share === 'folder' ? posix.dirname(uri.path) : shared.path);
  return {
    uri,
    language,
    ...(selection ? selectionText(selection) : { text, columnOffset: 0 }),
    path: folderPath === undefined ? fileName : posix.join(posix.relative(folderPath, posix.dirname(uri.path)), fileName),
    folder: folderPath === undefined ? undefined : shared?.with({ path: folderPath }),
    virtual: uri.scheme !== 'file' && uri.scheme !== 'untitled',
    name,
  };
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
