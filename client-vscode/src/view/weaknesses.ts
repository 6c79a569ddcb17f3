/** Tells the person of known weaknesses of the packages that were installed for a program, with a list that leads to what is said of each. */
import type { Advisory } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';

const worstFirst: readonly Advisory['severity'][] = ['critical', 'high', 'moderate', 'unknown', 'low'];
/** So many are named in a message. */
const MAX_NAMED = 3;

interface WeaknessItem extends vscode.QuickPickItem {
  readonly url: string | undefined;
}

export class Weaknesses {
  readonly #code: Code;
  /** What was told since the editor was started, each as the program and its weaknesses. */
  readonly #told = new Set<string>();

  constructor(code: Code) {
    this.#code = code;
  }

  /** @param name the name of the program. @param advisories undefined: nobody knows of any. The same is told once, unless `again`. */
  async tell(name: string, advisories: readonly Advisory[] = [], again = false): Promise<void> {
    const { l10n, window } = this.#code;
    const sorted = [...advisories].sort((one, other) => worstFirst.indexOf(one.severity) - worstFirst.indexOf(other.severity));
    const key = JSON.stringify([name, sorted.map(({ id, package: of, version }) => [id, of, version])]);
    if (sorted.length === 0 || (this.#told.has(key) && !again)) return;
    this.#told.add(key);
    const named = sorted.slice(0, MAX_NAMED).map((each) => `${titleOf(each)} (${each.id}, ${each.severity})`).join(', ');
    const list = sorted.length > MAX_NAMED ? l10n.t('{0} and {1} more', named, sorted.length - MAX_NAMED) : named;
    const details = l10n.t('Show Details');
    if ((await window.showWarningMessage(l10n.t('Packages of {0} have known weaknesses: {1}.', name, list), details)) === details) await this.#show(name, sorted);
  }

  async #show(name: string, advisories: readonly Advisory[]): Promise<void> {
    const { env, l10n, Uri, window } = this.#code;
    const items = advisories.map((each): WeaknessItem => ({
      label: titleOf(each),
      description: `${each.severity} · ${each.id}`,
      detail: [each.summary, ...(each.fixedIn === undefined ? [] : [l10n.t('mended in {0}', each.fixedIn)])].filter(Boolean).join(' · '),
      url: each.url,
    }));
    const picked = await window.showQuickPick(items, { placeHolder: l10n.t('Known weaknesses of the packages of {0}. Choose one to read what is said of it.', name), matchOnDescription: true, matchOnDetail: true });
    // An address comes from a registry, so it opens nothing but a page.
    if (picked?.url !== undefined && /^https?:\/\//.test(picked.url)) await env.openExternal(Uri.parse(picked.url));
  }
}

function titleOf({ package: name, version }: Advisory): string {
  return version === undefined ? name : `${name} ${version}`;
}
