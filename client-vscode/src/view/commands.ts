/** The commands that run and stop programs. A click on the run button starts here. */
import type { Code, vscode } from '../base/code.ts';
import type { Consoles, RunConsole } from '../run/consoles.ts';
import type { RunningProgram } from '../run/running.ts';
import { askOptions } from '../run/source/ask-options.ts';
import { noOptions, type RememberedOptions } from '../run/source/options.ts';
import { type RunSpec, runSpecOf, selectionOf } from '../run/source/run-spec.ts';
import type { Selection } from '../run/source/source.ts';

export interface RunCommandParts {
  readonly code: Code;
  readonly consoles: Consoles;
  readonly options: RememberedOptions;
  /** The same run, with what it needs. */
  complete(spec: RunSpec): Promise<RunSpec>;
}

export type Commands = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** @param programs all that run in sandboxes */
export function runCommands({ code, consoles, options, complete }: RunCommandParts, programs: () => readonly RunningProgram[]): Commands {
  const { l10n, window } = code;

  const runDocument = async (document: vscode.TextDocument, selection?: Selection) => {
    // The remembered arguments and input are the whole file's: a selection runs without them.
    const known = options.of(document.uri);
    const spec = runSpecOf(code, document, selection ? { ...noOptions, ...(known.packages ? { packages: known.packages } : {}) } : known, selection);
    if (spec) return consoles.runInConsole(await complete(spec));
    await window.showInformationMessage(l10n.t('Code of the language {0} can’t be run in a sandbox.', document.languageId));
    return undefined;
  };

  return {
    'codebeaker.run': async (target) => {
      const document = await targetDocument(code, target);
      if (document) await runDocument(document);
    },
    'codebeaker.runSelection': async () => {
      const editor = window.activeTextEditor;
      if (editor) await runDocument(editor.document, selectionOf(editor));
    },
    'codebeaker.runWith': async (target) => {
      const document = await targetDocument(code, target);
      if (!document) return;
      const answered = await askOptions(code, document.uri.path.split('/').at(-1) ?? '', options.of(document.uri));
      if (!answered) return;
      await options.remember(document.uri, answered);
      await runDocument(document);
    },
    'codebeaker.stop': async (target) => {
      const chosen = await chooseRunning(code, programs(), target, l10n.t('Which program should be stopped?'));
      chosen?.stop();
    },
    'codebeaker.input': async (target) => {
      const chosen = await chooseRunning(code, programs().filter(({ type }) => type), target, l10n.t('Which program should get the input?'));
      const line = chosen && (await window.showInputBox({ prompt: l10n.t('A line of input for {0}', chosen.source.name), ignoreFocusOut: true }));
      if (line !== undefined) chosen?.type?.(line);
    },
    'codebeaker.stopAll': () => programs().forEach(({ stop }) => stop()),
    'codebeaker.rerun': async () => {
      const last = consoles.ofTerminal(window.activeTerminal) ?? consoles.lastUsed;
      if (!last) return void (await window.showInformationMessage(l10n.t('Nothing has been run yet.')));
      await runAgain({ code, consoles, options, complete }, last.run.spec, last);
    },
  };
}

/**
 * A document runs with its present text. A selection, or a document that is closed, runs as it did before, with the packages
 * that have been installed since. @param shown where it ran last; it may show another source now
 */
export async function runAgain({ code, consoles, options, complete }: RunCommandParts, spec: RunSpec, shown: RunConsole): Promise<void> {
  const { uri } = spec.source;
  const isSame = (other: vscode.Uri) => other.toString() === uri.toString();
  const known = options.of(uri);
  const document = code.workspace.textDocuments.find((other) => isSame(other.uri));
  const present = document && !spec.isSelection ? runSpecOf(code, document, known) : undefined;
  const before = { ...spec, options: { ...spec.options, ...(known.packages ? { packages: known.packages } : {}) } };
  await consoles.runInConsole(await complete(present ?? before), isSame(shown.run.spec.source.uri) ? shown : undefined);
}

/** The document that a menu was opened for, otherwise the one in the editor. */
export async function targetDocument({ Uri, workspace, window, l10n }: Code, target: unknown): Promise<vscode.TextDocument | undefined> {
  if (target instanceof Uri) return workspace.openTextDocument(target);
  const active = window.activeTextEditor?.document;
  if (!active) await window.showInformationMessage(l10n.t('Open a file to run it in a sandbox.'));
  return active;
}

/**
 * The running program that the command is about.
 * @param target the document whose menu it was called from, or where the keyboard focus was when its key was pressed: 'editor' or
 *   'terminal' (see the keybindings in package.json); anything else if neither is known
 * @returns undefined if there is none, or if the person chose none
 */
async function chooseRunning(code: Code, running: readonly RunningProgram[], target: unknown, placeHolder: string): Promise<RunningProgram | undefined> {
  const menu = target instanceof code.Uri ? target : undefined;
  const uri = (menu ?? code.window.activeTextEditor?.document.uri)?.toString();
  const ofEditor = running.filter(({ source }) => source.uri.toString() === uri);
  const shown = running.find(({ terminal }) => terminal !== undefined && terminal === code.window.activeTerminal);
  const ofTerminal = shown ? [shown] : [];
  const choose = (among: readonly RunningProgram[]) => chooseAmong(code, among, placeHolder);
  // The program of a menu's document can have ended just now. No other program is meant then.
  if (menu) return shown && ofEditor.includes(shown) ? shown : choose(ofEditor);
  if (target === 'terminal' && ofTerminal.length > 0) return choose(ofTerminal);
  if (target === 'editor' && ofEditor.length > 0) return choose(ofEditor);
  const likely = running.filter((candidate) => ofTerminal.includes(candidate) || ofEditor.includes(candidate));
  return choose(likely.length > 0 ? likely : running);
}

async function chooseAmong({ window }: Code, among: readonly RunningProgram[], placeHolder: string): Promise<RunningProgram | undefined> {
  if (among.length < 2) return among[0];
  const items = among.map((candidate) => ({ label: candidate.source.name, candidate }));
  return (await window.showQuickPick(items, { placeHolder }))?.candidate;
}
