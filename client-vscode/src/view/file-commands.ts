/** The commands that bring what a program made from its sandbox to this machine: compare, save, save as, save a folder. */
import { posix } from 'node:path';
import type { Code, vscode } from '../base/code.ts';
import { fileUri } from '../base/session-uri.ts';
import { bytes } from '../base/units.ts';
import type { Connection } from '../client/connection.ts';
import type { Ended, Made } from '../sessions/made.ts';
import { filesBelow, saveFiles, type SaveFile } from '../sessions/save.ts';
import type { Node } from '../sessions/tree.ts';
import type { Commands } from './commands.ts';

export interface FileCommandParts {
  readonly code: Code;
  readonly made: Made;
  connection(): Connection | undefined;
  /** The run whose sandbox is meant if no menu says which: that of the terminal that is shown, or the last one. */
  lastEnded(): Ended | undefined;
}

const WORKSPACE = '/workspace';

export function fileCommands({ code, made, connection, lastEnded }: FileCommandParts): Commands {
  const { l10n, window, commands, Uri } = code;

  /** The folder on this machine that corresponds to /workspace. The person chooses one if there is none. */
  const homeOf = async (ended: Ended | undefined): Promise<vscode.Uri | undefined> => {
    const { folder, uri, path } = ended?.source ?? {};
    if (folder) return folder;
    if (uri?.scheme === 'file' && path !== undefined) return Uri.joinPath(uri, '..');
    return chooseFolder();
  };
  const chooseFolder = async (): Promise<vscode.Uri | undefined> => {
    const defaultUri = code.workspace.workspaceFolders?.[0]?.uri;
    const picked = await window.showOpenDialog({
      canSelectFiles: false, canSelectFolders: true, openLabel: l10n.t('Save Here'), ...(defaultUri ? { defaultUri } : {}),
    });
    return picked?.[0];
  };

  /** Saves into the folder of this machine that the files were copied from. */
  const saveHome = async (sessionId: string, files: readonly { readonly path: string; readonly mtimeMs: number }[]) => {
    const open = connection();
    const home = await homeOf(made.endedIn(sessionId));
    if (!open || !home) return;
    const wanted = files.map(({ path, mtimeMs }): SaveFile => ({
      path, below: posix.relative(WORKSPACE, path), mtimeMs, isChangedCopy: made.markOf(sessionId, path) === 'changed',
    }));
    await saveFiles({ code, connection: open, sessionId }, wanted, home.fsPath);
  };

  /** Wraps the work on a file or a folder of the view, which is the argument of its menus. */
  const onNode = (work: (sessionId: string, path: string, isFile: boolean, mtimeMs: number) => Promise<unknown>) => async (target: unknown) => {
    const node = target as Node | undefined;
    if (node?.kind === 'session') await work(node.session.sessionId, WORKSPACE, false, 0);
    else if (node) await work(node.sessionId, node.file.path, node.file.type === 'file', node.file.mtimeMs);
  };

  return {
    'codebeaker.files.saveMade': async (target) => {
      const node = target as Node | undefined;
      const ended = node?.kind === 'session' ? made.endedIn(node.session.sessionId) : lastEnded();
      const files = ended ? await made.look(ended) : [];
      if (!ended || files.length === 0) return void (await window.showInformationMessage(l10n.t('No program has made or changed a file in a sandbox that is open.')));
      const items = files.map((file) => ({
        label: file.path, description: `${file.mark === 'new' ? l10n.t('new') : l10n.t('changed')} · ${bytes(file.size)}`, picked: !isHidden(file.path), file,
      }));
      const picked = await window.showQuickPick(items, { canPickMany: true, placeHolder: l10n.t('Which files should be saved to your folder?') });
      await saveHome(ended.sessionId, (picked ?? []).map(({ file }) => ({ path: posix.join(WORKSPACE, file.path), mtimeMs: file.mtimeMs })));
    },
    'codebeaker.files.save': onNode(async (sessionId, path, isFile, mtimeMs) => {
      if (isFile) return saveHome(sessionId, [{ path, mtimeMs }]);
      // The rest of the folder is a copy of what the person has.
      const below = made.filesOf(sessionId).map((file) => ({ path: posix.join(WORKSPACE, file.path), mtimeMs: file.mtimeMs })).filter((file) => file.path.startsWith(`${path}/`));
      if (below.length === 0) return void (await window.showInformationMessage(l10n.t('Nothing in {0} is new or changed.', posix.basename(path))));
      return saveHome(sessionId, below);
    }),
    'codebeaker.files.saveFolder': onNode(async (sessionId, path) => {
      const open = connection();
      const folder = open && (await chooseFolder());
      if (!open || !folder) return;
      const files = await filesBelow(open, sessionId, path);
      await saveFiles({ code, connection: open, sessionId }, files.map((file) => ({ ...file, isChangedCopy: false })), folder.fsPath);
    }),
    'codebeaker.files.saveAs': onNode(async (sessionId, path) => {
      const home = made.endedIn(sessionId)?.source.folder ?? code.workspace.workspaceFolders?.[0]?.uri ?? Uri.file('/');
      const chosen = await window.showSaveDialog({ defaultUri: Uri.joinPath(home, posix.basename(path)) });
      // The dialog has asked whether a file that is there should be replaced.
      if (chosen) await code.workspace.fs.writeFile(chosen, await code.workspace.fs.readFile(fileUri(code, sessionId, path)));
    }),
    'codebeaker.files.compare': onNode(async (sessionId, path) => {
      const home = await homeOf(made.endedIn(sessionId));
      if (!home) return;
      const mine = Uri.joinPath(home, posix.relative(WORKSPACE, path));
      const isThere = await Promise.resolve(code.workspace.fs.stat(mine)).then(() => true, () => false);
      if (!isThere) return void (await window.showInformationMessage(l10n.t('There is no {0} in your folder to compare with.', posix.relative(WORKSPACE, path))));
      await commands.executeCommand('vscode.diff', mine, fileUri(code, sessionId, path), l10n.t('{0}: mine ↔ in the sandbox', posix.basename(path)));
    }),
  };
}

/** Hidden files can change what programs of this machine do, so they are not saved unless the person picks them. */
function isHidden(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.'));
}
