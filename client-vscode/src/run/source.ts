/** What is run: the text as it stands in the editor, saved or not, and where it lies in the sandbox. */
import { posix } from 'node:path';
import type { LanguageId } from 'codebeaker/protocol';
import type { vscode } from '../base/code.ts';
import type { Share } from '../base/settings.ts';
import { extensionOf } from './language.ts';

export interface Source {
  readonly uri: vscode.Uri;
  readonly language: LanguageId;
  readonly text: string;
  /** Relative to /workspace, POSIX. */
  readonly path: string;
  /** The folder on disk that becomes /workspace, copied. */
  readonly folder: vscode.Uri | undefined;
  /** It lies in a file system of the editor's and not on this machine's disk, and so do its neighbours. */
  readonly virtual: boolean;
  /** For people. */
  readonly name: string;
}

/** A part of a document: from the line `startLine`, counted from 0. */
export interface Selected {
  readonly startLine: number;
  readonly text: string;
}

export interface SourceInput {
  readonly uri: vscode.Uri;
  readonly language: LanguageId;
  readonly text: string;
  readonly selected: Selected | undefined;
  /** The workspace folder the document is in, when the workspace is trusted and the folder is on disk. */
  readonly root: vscode.Uri | undefined;
  readonly share: Share;
}

export function sourceOf({ uri, language, text, selected, root, share }: SourceInput): Source {
  const base = posix.basename(uri.path) || 'untitled';
  const name = posix.extname(base) === '' ? `${base}${extensionOf(language)}` : base;
  const content = selected ? sameLines(selected) : text;
  const shared = root !== undefined && share !== 'nothing' ? root : undefined;
  const folderPath = shared && (share === 'folder' ? posix.dirname(uri.path) : shared.path);
  const path = folderPath === undefined ? name : posix.join(posix.relative(folderPath, posix.dirname(uri.path)), name);
  const folder = folderPath === undefined ? undefined : shared?.with({ path: folderPath });
  const virtual = uri.scheme !== 'file' && uri.scheme !== 'untitled';
  return { uri, language, text: content, path, folder, virtual, name: base };
}

/** Line n stays line n, so that what a traceback says is right; what is indented as a whole moves to the margin. */
function sameLines({ startLine, text }: Selected): string {
  const lines = text.split(/\r?\n/);
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)?.[0] ?? '');
  const common = indents.reduce(sharedStart, indents[0] ?? '');
  return `${'\n'.repeat(startLine)}${lines.map((line) => line.slice(line.startsWith(common) ? common.length : 0)).join('\n')}\n`;
}

function sharedStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}
