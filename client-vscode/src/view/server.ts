/** The daemon elsewhere that does the work (codebeaker.server.url): its token, what is told where it cannot be reached, and what the doctor says of it. */
import type { RuntimeInfo } from 'codebeaker/protocol';
import type { Code } from '../base/code.ts';
import { readSettings } from '../base/settings.ts';
import { faultData } from '../client/faults.ts';
import type { ServerTokens } from '../client/server-tokens.ts';
import type { Commands } from './commands.ts';

const SETTING = 'codebeaker.server.url';
const COMMAND = 'codebeaker.setServerToken';
/** As the daemon demands it of a token. */
const TOKEN = /^[A-Za-z0-9._~-]{32,}$/;

export interface ServerParts {
  readonly code: Code;
  readonly tokens: ServerTokens;
  /** Connects anew. */
  restart(): void;
}

export function serverCommands({ code, tokens, restart }: ServerParts): Commands {
  const { window, commands, l10n } = code;
  return {
    [COMMAND]: async () => {
      const { url } = readSettings(code).server;
      if (url === '') {
        const open = l10n.t('Open Settings');
        const pressed = await window.showInformationMessage(l10n.t('Programs run on this machine. To have a daemon elsewhere run them, set its address first.'), open);
        if (pressed === open) await commands.executeCommand('workbench.action.openSettings', SETTING);
        return;
      }
      const token = await window.showInputBox({
        title: l10n.t('Set the Token of the Server'), prompt: l10n.t('The token of the daemon at {0}, as it is in its --token-file. Leave it empty to forget it.', url), password: true, ignoreFocusOut: true,
        validateInput: (text) => (text === '' || TOKEN.test(text.trim()) ? undefined : l10n.t('At least 32 letters, digits and . _ ~ -')),
      });
      if (token === undefined) return;
      await tokens.set(url, token.trim());
      restart();
    },
  };
}

export interface UnreachableParts extends Pick<ServerParts, 'code' | 'restart'> {
  showLog(): void;
}

/** Tells why the daemon elsewhere cannot be reached, with buttons for what can be done. While that is shown, it is not told again. */
export class Unreachable {
  readonly #parts: UnreachableParts;
  #isShown = false;

  constructor(parts: UnreachableParts) {
    this.#parts = parts;
  }

  async tell(fault: Error): Promise<void> {
    const { code: { commands, l10n, window }, restart, showLog } = this.#parts;
    if (this.#isShown) return;
    this.#isShown = true;
    try {
      const buttons = new Map<string, () => unknown>();
      if (faultData(fault).reason === 'token') buttons.set(l10n.t('Set Token'), () => commands.executeCommand(COMMAND));
      else buttons.set(l10n.t('Try Again'), restart);
      buttons.set(l10n.t('Open Settings'), () => commands.executeCommand('workbench.action.openSettings', SETTING));
      buttons.set(l10n.t('Show Log'), showLog);
      const pressed = await window.showErrorMessage(l10n.t('Programs can’t be run: {0}', fault.message), ...buttons.keys());
      buttons.get(pressed ?? '')?.();
    } finally {
      this.#isShown = false;
    }
  }
}

/** What stands above the report on this machine. `runtimes`: those of the daemon elsewhere; undefined: it cannot be reached. */
export function serverReport({ l10n }: Code, url: string, runtimes: readonly RuntimeInfo[] | undefined): string {
  const lines = runtimes?.map(({ id, available, isolation, reason }) => `  ${id}: ${available ? l10n.t('isolation {0} of 10', isolation.score) : (reason ?? l10n.t('not available'))}`);
  return [l10n.t('Programs are run by the daemon at {0}:', url), ...(lines ?? [`  ${l10n.t('it can’t be reached; the log says why')}`]), '', l10n.t('This machine, which runs none of them:'), ''].join('\n');
}
