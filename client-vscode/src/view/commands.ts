/** The commands that run and stop programs. A click on the run button starts here. */
import type { Code, vscode } from '../base/code.ts';
import type { Consoles, RunConsole } from '../run/consoles.ts';
import { askOptions } from '../run/source/ask-options.ts';
import { noOptions, type RememberedOptions } from '../run/source/options.ts';
import { runSpecOf, selectionOf } from '../run/source/run-spec.ts';
import type { Selection } from '../run/source/source.ts';

export interface RunCommandParts {
  readonly code: Code;
  readonly consoles: Consoles;
  readonly options: RememberedOptions;
}

export type Commands = Readonly<Record<string, (...args: unknown[]) => unknown>>;

export function runCommands({ code, consoles, options }: RunCommandParts): Commands {
  const { l10n, window } = code;

  /** The document that a menu was opened for, otherwise the one in the editor. */
  const targetDocument = async (target: unknown): Promise<vscode.TextDocument | undefined> => {
    if (target instanceof code.Uri) return code.workspace.openTextDocument(target);
    const active = window.activeTextEditor?.document;
    if (!active) await window.showInformationMessage(l10n.t('Open a file to run it in a sandbox.'));
    return active;
  };

  const runDocument = async (document: vscode.TextDocument, selection?: Selection) => {
    // The remembered arguments and input are the whole file's: a selection runs without them.
    const spec = runSpecOf(code, document, selection ? noOptions : options.of(document.uri), selection);
    if (spec) return consoles.runInConsole(spec);
    await window.showInformationMessage(l10n.t('Code of the language {0} can’t be run in a sandbox.', document.languageId));
    return undefined;
  };

  return {
    'codebeaker.run': async (target) => {
      const document = await targetDocument(target);
      if (document) await runDocument(document);
    },
    'codebeaker.runSelection': async () => {
      const editor = window.activeTextEditor;
      if (editor) await runDocument(editor.document, selectionOf(editor));
    },
    'codebeaker.runWith': async (target) => {
      const document = await targetDocument(target);
      if (!document) return;
      const answered = await askOptions(code, document.uri.path.split('/').at(-1) ?? '', options.of(document.uri));
      if (!answered) return;
      await options.remember(document.uri, answered);
      await runDocument(document);
    },
    'codebeaker.stop': async () => {
      const chosen = await chooseRunning(code, consoles, l10n.t('Which program should be stopped?'));
      chosen?.run.stop();
    },
    'codebeaker.input': async () => {
      const chosen = await chooseRunning(code, consoles, l10n.t('Which program should get the input?'));
      const line = chosen && (await window.showInputBox({ prompt: l10n.t('A line of input for {0}', chosen.run.spec.source.name), ignoreFocusOut: true }));
      if (chosen && line !== undefined) chosen.screen.pty.handleInput?.(`${line}\r`);
    },
    'codebeaker.stopAll': () => consoles.stopAll(),
    'codebeaker.rerun': async () => {
      const last = consoles.ofTerminal(window.activeTerminal) ?? consoles.lastUsed;
      if (!last) return void (await window.showInformationMessage(l10n.t('Nothing has been run yet.')));
      const { spec } = last.run;
      const { uri } = spec.source;
      const document = code.workspace.textDocuments.find((other) => other.uri.toString() === uri.toString());
      // A document runs with its present text. A selection, or a document that is closed, runs as it did before.
      const present = document && !spec.isSelection ? runSpecOf(code, document, options.of(uri)) : undefined;
      await consoles.runInConsole(present ?? spec, last.running ? undefined : last);
    },
  };
}

/** Prefers the program of the active terminal, then the one of the active document. Asks if several are left. */
async function chooseRunning({ window }: Code, consoles: Consoles, placeHolder: string): Promise<RunConsole | undefined> {
  const { running } = consoles;
  const uri = window.activeTextEditor?.document.uri;
  const likely = [consoles.ofTerminal(window.activeTerminal), uri && consoles.ofDocument(uri)].find((candidate) => candidate?.running);
  if (likely ?? running.length < 2) return likely ?? running[0];
  const items = running.map((candidate) => ({ label: candidate.run.spec.source.name, candidate }));
  return (await window.showQuickPick(items, { placeHolder }))?.candidate;
}
