/** What the commands do. */
import type { Code, vscode } from '../base/code.ts';
import { askOptions } from '../run/ask.ts';
import { gather, selectionOf } from '../run/gather.ts';
import { noOptions, type RememberedOptions } from '../run/options.ts';
import type { Place, Runs } from '../run/runs.ts';

export interface RunCommandParts {
  readonly code: Code;
  readonly runs: Runs;
  readonly options: RememberedOptions;
}

export type Commands = Readonly<Record<string, (...args: unknown[]) => unknown>>;

export function runCommands({ code, runs, options }: RunCommandParts): Commands {
  const { l10n, window } = code;

  const document = async (target: unknown): Promise<vscode.TextDocument | undefined> => {
    if (target instanceof code.Uri) return code.workspace.openTextDocument(target);
    const active = window.activeTextEditor?.document;
    if (!active) await window.showInformationMessage(l10n.t('Open a file to run it in a sandbox.'));
    return active;
  };

  const start = async (opened: vscode.TextDocument, selected?: ReturnType<typeof selectionOf>) => {
    // A part of a file is tried out: it gets the environment, and reads what is typed.
    const ask = gather(code, opened, selected ? noOptions : options.of(opened.uri), selected);
    if (ask) return runs.start(ask);
    await window.showInformationMessage(l10n.t('Code of the language {0} can’t be run in a sandbox.', opened.languageId));
    return undefined;
  };

  return {
    'codebeaker.run': async (target) => {
      const opened = await document(target);
      if (opened) await start(opened);
    },
    'codebeaker.runSelection': async () => {
      const editor = window.activeTextEditor;
      if (editor) await start(editor.document, selectionOf(editor));
    },
    'codebeaker.runWith': async (target) => {
      const opened = await document(target);
      if (!opened) return;
      const chosen = await askOptions(code, opened.uri.path.split('/').at(-1) ?? '', options.of(opened.uri));
      if (!chosen) return;
      await options.remember(opened.uri, chosen);
      await start(opened);
    },
    'codebeaker.stop': async () => {
      (await chooseRunning(code, runs))?.run.stop();
    },
    'codebeaker.input': async () => {
      const place = await chooseRunning(code, runs);
      const line = place && (await window.showInputBox({ prompt: l10n.t('A line for {0} to read', place.run.ask.source.name), ignoreFocusOut: true }));
      if (place && line !== undefined) place.screen.pty.handleInput?.(`${line}\r`);
    },
    'codebeaker.stopAll': () => runs.stopAll(),
    'codebeaker.rerun': async () => {
      const place = runs.of(window.activeTerminal) ?? runs.last;
      if (!place) return void (await window.showInformationMessage(l10n.t('Nothing has been run yet.')));
      const { uri } = place.run.ask.source;
      const opened = code.workspace.textDocuments.find((other) => other.uri.toString() === uri.toString());
      // The text as it is now; a part of a file, or a document that is gone, as it was.
      const now = opened && !place.run.ask.part ? gather(code, opened, options.of(uri)) : undefined;
      await runs.start(now ?? place.run.ask, place.running ? undefined : place);
    },
  };
}

/** Of the terminal in use, else of the document in use, else the only one, else the one that is picked. */
async function chooseRunning({ window, l10n }: Code, runs: Runs): Promise<Place | undefined> {
  const { running } = runs;
  const uri = window.activeTextEditor?.document.uri;
  const likely = [runs.of(window.activeTerminal), uri && runs.ofDocument(uri)].find((place) => place?.running);
  if (likely ?? running.length < 2) return likely ?? running[0];
  const items = running.map((place) => ({ label: place.run.ask.source.name, place }));
  return (await window.showQuickPick(items, { placeHolder: l10n.t('Which program is to be stopped?') }))?.place;
}
