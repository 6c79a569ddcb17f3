/** The commands that run and stop programs. A click on the run button starts here. */
import type { Code, vscode } from '../base/code.ts';
import type { Consoles, RunConsole } from '../run/consoles.ts';
import { askOptions } from '../run/source/ask-options.ts';
import { noOptions, type RememberedOptions } from '../run/source/options.ts';
import type { Packages } from '../run/source/packages.ts';
import { type RunSpec, runSpecOf, selectionOf } from '../run/source/run-spec.ts';
import type { Selection } from '../run/source/source.ts';

export interface RunCommandParts {
  readonly code: Code;
  readonly consoles: Consoles;
  readonly options: RememberedOptions;
  readonly packages: Pick<Packages, 'complete'>;
}

export type Commands = Readonly<Record<string, (...args: unknown[]) => unknown>>;

export function runCommands({ code, consoles, options, packages }: RunCommandParts): Commands {
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
    const known = options.of(document.uri);
    const spec = runSpecOf(code, document, selection ? { ...noOptions, ...(known.packages ? { packages: known.packages } : {}) } : known, selection);
    if (spec) return consoles.runInConsole(await packages.complete(spec));
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
    'codebeaker.stop': async (target) => {
      const chosen = await chooseRunning(code, consoles, target, l10n.t('Which program should be stopped?'));
      chosen?.run.stop();
    },
    'codebeaker.input': async (target) => {
      const chosen = await chooseRunning(code, consoles, target, l10n.t('Which program should get the input?'));
      const line = chosen && (await window.showInputBox({ prompt: l10n.t('A line of input for {0}', chosen.run.spec.source.name), ignoreFocusOut: true }));
      if (chosen && line !== undefined) chosen.screen.pty.handleInput?.(`${line}\r`);
    },
    'codebeaker.stopAll': () => consoles.stopAll(),
    'codebeaker.rerun': async () => {
      const last = consoles.ofTerminal(window.activeTerminal) ?? consoles.lastUsed;
      if (!last) return void (await window.showInformationMessage(l10n.t('Nothing has been run yet.')));
      await runAgain({ code, consoles, options, packages }, last.run.spec, last);
    },
  };
}

/**
 * A document runs with its present text. A selection, or a document that is closed, runs as it did before, with the packages
 * that have been installed since. @param shown where it ran last; it may show another source now
 */
export async function runAgain({ code, consoles, options, packages }: RunCommandParts, spec: RunSpec, shown: RunConsole): Promise<void> {
  const { uri } = spec.source;
  const isSame = (other: vscode.Uri) => other.toString() === uri.toString();
  const known = options.of(uri);
  const document = code.workspace.textDocuments.find((other) => isSame(other.uri));
  const present = document && !spec.isSelection ? runSpecOf(code, document, known) : undefined;
  const before = { ...spec, options: { ...spec.options, ...(known.packages ? { packages: known.packages } : {}) } };
  await consoles.runInConsole(await packages.complete(present ?? before), isSame(shown.run.spec.source.uri) ? shown : undefined);
}

/**
 * The running program that the command is about.
 * @param target the document whose menu it was called from, or where the keyboard focus was when its key was pressed: 'editor' or
 *   'terminal' (see the keybindings in package.json); anything else if neither is known
 * @returns undefined if there is none, or if the person chose none
 */
async function chooseRunning(code: Code, consoles: Consoles, target: unknown, placeHolder: string): Promise<RunConsole | undefined> {
  const { running } = consoles;
  const menu = target instanceof code.Uri ? target : undefined;
  const uri = (menu ?? code.window.activeTextEditor?.document.uri)?.toString();
  const ofEditor = running.filter(({ run }) => run.spec.source.uri.toString() === uri);
  const shown = consoles.ofTerminal(code.window.activeTerminal);
  const ofTerminal = shown?.running ? [shown] : [];
  const choose = (among: readonly RunConsole[]) => chooseAmong(code, among, placeHolder);
  // The program of a menu's document can have ended just now. No other program is meant then.
  if (menu) return shown && ofEditor.includes(shown) ? shown : choose(ofEditor);
  if (target === 'terminal' && ofTerminal.length > 0) return choose(ofTerminal);
  if (target === 'editor' && ofEditor.length > 0) return choose(ofEditor);
  const likely = running.filter((candidate) => ofTerminal.includes(candidate) || ofEditor.includes(candidate));
  return choose(likely.length > 0 ? likely : running);
}

async function chooseAmong({ window }: Code, among: readonly RunConsole[], placeHolder: string): Promise<RunConsole | undefined> {
  if (among.length < 2) return among[0];
  const items = among.map((candidate) => ({ label: candidate.run.spec.source.name, candidate }));
  return (await window.showQuickPick(items, { placeHolder }))?.candidate;
}
