/** Lists the runtimes of this machine, or of the daemon elsewhere, with what each enforces or why it is not available. */
import type { RuntimeInfo, Weakness } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { weakLayers } from '../sessions/describe.ts';

export interface RuntimeItem extends vscode.QuickPickItem {
  readonly act?: () => void;
}

export function runtimeItems({ l10n, QuickPickItemKind }: Code, runtimes: readonly RuntimeInfo[], actions: readonly RuntimeItem[]): RuntimeItem[] {
  const items = runtimes.map(({ id, available, reason, version, languages, isolation, weaknesses = [] }): RuntimeItem => {
    const weak = weakLayers(isolation);
    const broken = weaknesses.filter(({ state }) => state !== 'unreached');
    return {
      label: `${!available ? '$(circle-slash)' : broken.length > 0 ? '$(warning)' : '$(pass)'} ${id}${version === undefined ? '' : ` ${version}`}`,
      description: available ? l10n.t('isolation {0} of 10', isolation.score) : l10n.t('not available'),
      detail: available
        ? [...broken.map((each) => brokenIn(l10n, each)), languages.map((language) => language.id).join(', '), ...(weak === '' ? [] : [l10n.t('not fully enforced: {0}', weak)])].join(' · ')
        : reason,
    };
  });
  return [...items, { label: '', kind: QuickPickItemKind.Separator }, ...actions];
}

/** The doctor says more of it. */
function brokenIn(l10n: Code['l10n'], { component, version, state, id, fixedIn }: Weakness): string {
  const update = fixedIn.join(', ');
  if (state === 'open') return l10n.t('{0} {1} is known to be broken ({2}): update it to {3} or later', component, version, id, update);
  return l10n.t('{0} {1} is known to be broken ({2}), unless your distribution has mended it: install its updates', component, version, id);
}

/** `url`: of the daemon elsewhere that runs programs; empty: there is none. */
export async function showRuntimes(code: Code, url: string, runtimes: readonly RuntimeInfo[], actions: readonly RuntimeItem[]): Promise<void> {
  const placeHolder = url === '' ? code.l10n.t('The runtimes that code can run in on this machine') : code.l10n.t('The runtimes of the daemon at {0}', url);
  const picked = await code.window.showQuickPick(runtimeItems(code, runtimes, actions), { placeHolder });
  picked?.act?.();
}
