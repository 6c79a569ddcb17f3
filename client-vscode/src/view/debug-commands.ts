/** The command that debugs a file, and what is said if it can't be debugged. */
import type { Code, vscode } from '../base/code.ts';
import { messageOf } from '../base/log.ts';
import { ConnectionClosed, faultData } from '../client/faults.ts';
import { configurationOf } from '../debug/configurations.ts';
import { debuggableLanguages } from '../debug/languages.ts';
import { LaunchFault } from '../debug/launch-members.ts';
import { languageOf } from '../run/source/language.ts';
import type { Source } from '../run/source/source.ts';
import { type Commands, targetDocument } from './commands.ts';

export interface DebugCommandParts {
  readonly code: Code;
  /** The languages that the daemon debugs, as far as it has been asked. */
  languages(): readonly string[];
  /** Tells of what keeps a run from working, too. */
  tellFailure(source: Source, fault: unknown): Promise<void>;
}

export class DebugCommands {
  readonly #parts: DebugCommandParts;

  constructor(parts: DebugCommandParts) {
    this.#parts = parts;
  }

  get commands(): Commands {
    return { 'codebeaker.debug': (target) => this.#debug(target) };
  }

  /** Whether it can be debugged. If not, the person is told why, and can have it run. */
  mayDebug(document: vscode.TextDocument): boolean {
    const { code: { l10n, window, workspace }, languages } = this.#parts;
    const { name } = configurationOf(document);
    if (!workspace.isTrusted) {
      const trust = l10n.t('Manage Trust');
      void this.#offerToRun(document.uri, l10n.t('The editor debugs nothing in Restricted Mode. {0} can be run in a sandbox all the same.', name), [trust, 'workbench.trust.manage']);
      return false;
    }
    const language = languageOf(document.languageId);
    if (language && (debuggableLanguages.includes(language) || languages().includes(language))) return true;
    if (language) void this.#offerToRun(document.uri, l10n.t('{0} can’t be debugged: CodeBeaker has no debugger for {1}.', name, language));
    else void window.showInformationMessage(l10n.t('Code of the language {0} can’t be run in a sandbox.', document.languageId));
    return false;
  }

  async tellFailure(source: Source | undefined, fault: unknown): Promise<void> {
    const { code: { l10n, window }, tellFailure } = this.#parts;
    if (!source || fault instanceof LaunchFault) return void (await window.showErrorMessage(messageOf(fault)));
    if (fault instanceof ConnectionClosed) return void (await window.showErrorMessage(l10n.t('The daemon ended while {0} was debugged. Debug it again.', source.name)));
    const { kind } = faultData(fault);
    // The message of this error says what is missing, and how to get it.
    if (kind === 'DebugUnavailable') return this.#offerToRun(source.uri, l10n.t('{0} can’t be debugged: {1}', source.name, messageOf(fault)), [l10n.t('Doctor'), 'codebeaker.doctor']);
    return tellFailure(source, fault);
  }

  async #debug(target: unknown): Promise<void> {
    const { code } = this.#parts;
    const document = await targetDocument(code, target);
    if (!document || !this.mayDebug(document)) return;
    // The text is taken from the editor as it stands, saved or not.
    await code.debug.startDebugging(code.workspace.getWorkspaceFolder(document.uri), configurationOf(document), { suppressSaveBeforeStart: true });
  }

  async #offerToRun(uri: vscode.Uri, message: string, [other, command]: readonly [title?: string, command?: string] = []): Promise<void> {
    const { window, commands, l10n } = this.#parts.code;
    const run = l10n.t('Run in Sandbox');
    const pressed = await window.showWarningMessage(message, run, ...(other === undefined ? [] : [other]));
    if (pressed === run) await commands.executeCommand('codebeaker.run', uri);
    else if (pressed !== undefined && command !== undefined) await commands.executeCommand(command);
  }
}
