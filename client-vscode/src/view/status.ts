/** The status bar: what would run the document in the editor, how well isolated, and how much is running. */
import type { RuntimeInfo } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { chosenFor } from '../run/gather.ts';
import { languageOf } from '../run/language.ts';
import { weakLayers } from '../sessions/describe.ts';
import type { Choices } from './choices.ts';

export interface StatusParts {
  readonly code: Code;
  readonly choices: Choices;
  running(): number;
}

export class Status {
  readonly #parts: StatusParts;
  readonly #item: vscode.StatusBarItem;

  constructor(parts: StatusParts) {
    const { window, l10n, StatusBarAlignment } = parts.code;
    this.#parts = parts;
    this.#item = window.createStatusBarItem('status', StatusBarAlignment.Right, 90);
    this.#item.name = l10n.t('Run in Sandbox');
    this.#item.command = 'codebeaker.showRuntimes';
  }

  update(): void {
    const { code, choices, running } = this.#parts;
    const { l10n, ThemeColor } = code;
    const document = code.window.activeTextEditor?.document;
    const language = languageOf(document?.languageId ?? '');
    const count = running();
    if (!language && count === 0) return this.#item.hide();
    const named = document && language && chosenFor(code, document, language).runtime;
    const runtime = language && (named === undefined ? choices.of(language) : choices.named(named));
    const lacking = runtime === null;
    const icon = count > 0 ? '$(sync~spin)' : lacking ? '$(warning)' : '$(beaker)';
    const words = lacking ? l10n.t('no sandbox') : (runtime?.id ?? l10n.t('sandbox'));
    const score = runtime ? ` ${runtime.isolation.score}/10` : '';
    this.#item.text = count > 1 ? `${icon} ${words}${score} (${count})` : `${icon} ${words}${score}`;
    this.#item.tooltip = this.#tooltip(runtime, lacking, count);
    this.#item.backgroundColor = lacking ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }

  #tooltip(runtime: RuntimeInfo | null | undefined, lacking: boolean, count: number): string {
    const { l10n } = this.#parts.code;
    const lines: string[] = [];
    if (lacking) lines.push(l10n.t('Nothing on this machine can run this language in a sandbox.'));
    if (runtime) {
      lines.push(l10n.t('Runs in {0}, isolation {1} of 10', runtime.id, runtime.isolation.score));
      const weak = weakLayers(runtime.isolation);
      if (weak !== '') lines.push(l10n.t('Not fully enforced: {0}', weak));
    }
    if (count > 0) lines.push(l10n.t('{0} running', count));
    return lines.join('\n') || l10n.t('Run in Sandbox');
  }
}
