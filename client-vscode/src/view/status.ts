/** The status bar item: which runtime would run the document in the editor, how well it isolates, and how many programs run. */
import type { RuntimeInfo } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { languageOf } from '../run/source/language.ts';
import { profileOf } from '../run/source/run-spec.ts';
import { weakLayers } from '../sessions/describe.ts';
import type { RuntimeChoices } from './runtime-choices.ts';

export interface StatusParts {
  readonly code: Code;
  readonly choices: RuntimeChoices;
  runningCount(): number;
  /** Where the daemon is that runs programs; empty: on this machine. */
  url(): string;
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
    const { code, choices, runningCount, url } = this.#parts;
    const { l10n, ThemeColor } = code;
    const document = code.window.activeTextEditor?.document;
    const language = languageOf(document?.languageId ?? '');
    const count = runningCount();
    if (!language && count === 0) return this.#item.hide();
    const configured = document && language && profileOf(code, document, language).runtime;
    const runtime = language && (configured === undefined ? choices.ofLanguage(language) : choices.withId(configured));
    const missing = runtime === null;
    const icon = count > 0 ? '$(sync~spin)' : missing ? '$(warning)' : '$(beaker)';
    const name = missing ? l10n.t('no sandbox') : (runtime?.id ?? l10n.t('sandbox'));
    const score = runtime ? ` ${runtime.isolation.score}/10` : '';
    const where = url() === '' ? '' : ' $(remote)';
    this.#item.text = count > 1 ? `${icon} ${name}${score} (${count})${where}` : `${icon} ${name}${score}${where}`;
    this.#item.tooltip = this.#tooltip(runtime, count);
    this.#item.backgroundColor = missing ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }

  #tooltip(runtime: RuntimeInfo | null | undefined, count: number): string {
    const { l10n } = this.#parts.code;
    const lines: string[] = [];
    const url = this.#parts.url();
    if (runtime === null) lines.push(url === '' ? l10n.t('Nothing on this machine can run this language in a sandbox.') : l10n.t('The daemon has nothing that can run this language in a sandbox.'));
    if (runtime) {
      lines.push(l10n.t('Runs in {0}, isolation {1} of 10', runtime.id, runtime.isolation.score));
      const weak = weakLayers(runtime.isolation);
      if (weak !== '') lines.push(l10n.t('Not fully enforced: {0}', weak));
    }
    if (url !== '') lines.push(l10n.t('By the daemon at {0}', url));
    if (count > 0) lines.push(l10n.t('{0} running', count));
    return lines.join('\n') || l10n.t('Run in Sandbox');
  }
}
