/** *Set a Secret for the Sandbox* and *Remove a Secret*: what programs find in their environment and nobody sees in their output. */
import type { Code } from '../base/code.ts';
import { readSettings, SECTION } from '../base/settings.ts';
import type { Secrets } from '../run/source/secrets.ts';
import type { Commands } from './commands.ts';

/** Asks whether programs of this workspace may have secrets that its settings name. undefined: nobody has answered. */
export async function askForSecrets({ window, l10n }: Code, names: readonly string[]): Promise<boolean | undefined> {
  const [yes, no] = [l10n.t('Give Them to Programs Here'), l10n.t('Don’t Give Them')];
  const pressed = await window.showWarningMessage(l10n.t('This workspace gives its programs these secrets of yours: {0}. Programs can read them, and send them to whatever they can reach.', names.join(', ')), yes, no);
  return pressed === yes ? true : pressed === no ? false : undefined;
}

export function secretCommands({ code, secrets }: { readonly code: Code; readonly secrets: Secrets }): Commands {
  const { window, workspace, l10n } = code;

  /** A secret that no setting names reaches no program. */
  const offer = async (name: string) => {
    const wanted = readSettings(code).secrets;
    if (wanted.includes(name)) return;
    const add = l10n.t('Give It to Runs Here');
    const answer = await window.showInformationMessage(l10n.t('{0} is kept. Programs get it where the setting codebeaker.secrets names it.', name), add);
    if (answer === add) await workspace.getConfiguration(SECTION).update('secrets', [...wanted, name]);
  };

  return {
    'codebeaker.setSecret': async () => {
      const title = l10n.t('Set a Secret for the Sandbox');
      const missing = readSettings(code).secrets.find((name) => !secrets.names.includes(name));
      const name = await window.showInputBox({
        title, prompt: l10n.t('The name of the variable in which programs find it'), ignoreFocusOut: true, ...(missing === undefined ? {} : { value: missing }),
        validateInput: (text) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text) ? undefined : l10n.t('Letters, digits and _, and no digit first')),
      });
      if (!name) return;
      const value = await window.showInputBox({ title, prompt: l10n.t('The value of {0}', name), password: true, ignoreFocusOut: true });
      if (!value) return;
      await secrets.set(name, value);
      await offer(name);
    },
    'codebeaker.removeSecret': async () => {
      const items = secrets.names.map((label) => ({ label }));
      if (items.length === 0) return void (await window.showInformationMessage(l10n.t('No secret is kept.')));
      const chosen = await window.showQuickPick(items, { placeHolder: l10n.t('Which secret should be removed?') });
      if (chosen) await secrets.remove(chosen.label);
    },
  };
}
