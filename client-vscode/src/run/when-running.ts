/** Decides what happens when a file is run whose program is still running: what the setting says, or what the person chooses. */
import type { Code, vscode } from '../base/code.ts';
import { readSettings } from '../base/settings.ts';

/** `restart`: the program is stopped and runs again in its place; `another`: a second one runs beside it. */
export type RunAgain = 'restart' | 'another';

/** @returns undefined if the person pressed Escape: then everything stays as it is */
export async function whenRunning(code: Code, uri: vscode.Uri, name: string): Promise<RunAgain | undefined> {
  const { l10n, window } = code;
  const setting = readSettings(code, uri).whenRunning;
  if (setting !== 'ask') return setting;
  const items: (vscode.QuickPickItem & { readonly choice: RunAgain })[] = [
    { label: l10n.t('Stop it and run it again'), choice: 'restart' },
    { label: l10n.t('Run it once more beside it, in another terminal'), choice: 'another' },
  ];
  return (await window.showQuickPick(items, { placeHolder: l10n.t('{0} is still running (codebeaker.whenRunning)', name) }))?.choice;
}
