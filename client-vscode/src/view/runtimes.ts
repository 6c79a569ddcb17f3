/** Lists the runtimes of this machine, with what each enforces or why it is not available. */
import type { RuntimeInfo } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { weakLayers } from '../sessions/describe.ts';

export interface RuntimeItem extends vscode.QuickPickItem {
  readonly act?: () => void;
}

export function runtimeItems({ l10n, QuickPickItemKind }: Code, runtimes: readonly RuntimeInfo[], actions: readonly RuntimeItem[]): RuntimeItem[] {
  const items = runtimes.map(({ id, available, reason, version, languages, isolation }): RuntimeItem => {
    const weak = weakLayers(isolation);
    return {
      label: `${available ? '$(pass)' : '$(circle-slash)'} ${id}${version === undefined ? '' : ` ${version}`}`,
      description: available ? l10n.t('isolation {0} of 10', isolation.score) : l10n.t('not available'),
      detail: available
        ? [languages.map((language) => language.id).join(', '), ...(weak === '' ? [] : [l10n.t('not fully enforced: {0}', weak)])].join(' · ')
        : reason,
    };
  });
  return [...items, { label: '', kind: QuickPickItemKind.Separator }, ...actions];
}

export async function showRuntimes(code: Code, runtimes: readonly RuntimeInfo[], actions: readonly RuntimeItem[]): Promise<void> {
  const placeHolder = code.l10n.t('The runtimes that code can run in on this machine');
  const picked = await code.window.showQuickPick(runtimeItems(code, runtimes, actions), { placeHolder });
  picked?.act?.();
}
