/** What is missing on this machine, what is used instead, and a button to what would mend it. */
import type { RuntimeInfo } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import { faultData, LinkClosed } from '../client/faults.ts';
import { GaveUp } from '../client/client.ts';
import type { Source } from '../run/source.ts';

const pages = {
  docker: 'https://docs.docker.com/engine/install/',
  deno: 'https://docs.deno.com/runtime/getting_started/installation/',
};

const TOLD_KEY = 'codebeaker.toldWithoutDocker';

export interface MissingParts {
  readonly code: Code;
  readonly memory: vscode.Memento;
  showLog(): void;
  restart(): void;
}

export class Missing {
  readonly #parts: MissingParts;

  constructor(parts: MissingParts) {
    this.#parts = parts;
  }

  /** A run that could not be carried out. */
  async tellFailure({ language, name }: Source, fault: unknown): Promise<void> {
    const { code, showLog, restart } = this.#parts;
    const { l10n } = code;
    if (fault instanceof LinkClosed) return;
    if (fault instanceof GaveUp) return this.tellCrashes();
    const { kind } = faultData(fault);
    const log = { title: l10n.t('Show Log'), act: showLog };
    const message = l10n.t('{0} could not be run: {1}', name, (fault as Error).message);
    if (kind !== 'RuntimeUnavailable') return this.#ask(code.window.showErrorMessage, message, [log]);
    const withDeno = language === 'javascript' || language === 'typescript';
    const install = [this.#install('docker'), ...(withDeno ? [this.#install('deno')] : [])];
    return this.#ask(code.window.showErrorMessage, message, [...install, { title: l10n.t('Look Again'), act: restart }, log]);
  }

  /** Once in the life of an installation: what is used where Docker is not there. */
  async tellInstead(runtimes: readonly RuntimeInfo[]): Promise<void> {
    const { code, memory } = this.#parts;
    const { l10n, window } = code;
    const docker = runtimes.find(({ id }) => id === 'docker');
    if (!docker || docker.available || memory.get<boolean>(TOLD_KEY)) return;
    await memory.update(TOLD_KEY, true);
    const others = runtimes.filter(({ available }) => available).map(({ id }) => id);
    const message =
      others.length === 0
        ? l10n.t('Docker is not available, and nothing else is there to run code in a sandbox.')
        : l10n.t('Docker is not available. Code runs in {0} instead: perhaps fewer languages, and less isolated.', others.join(', '));
    const install = [this.#install('docker'), ...(others.includes('deno') ? [] : [this.#install('deno')])];
    return this.#ask(others.length === 0 ? window.showWarningMessage : window.showInformationMessage, message, install);
  }

  async tellCrashes(): Promise<void> {
    const { code, showLog, restart } = this.#parts;
    const { l10n, window } = code;
    return this.#ask(window.showErrorMessage, l10n.t('The CodeBeaker daemon ended 5 times in 3 minutes and is not started again by itself.'), [
      { title: l10n.t('Show Log'), act: showLog },
      { title: l10n.t('Restart'), act: restart },
    ]);
  }

  #install(part: keyof typeof pages): { title: string; act: () => void } {
    const { env, l10n, Uri } = this.#parts.code;
    const title = part === 'docker' ? l10n.t('Install Docker') : l10n.t('Install Deno');
    return { title, act: () => void env.openExternal(Uri.parse(pages[part])) };
  }

  async #ask(
    show: (message: string, ...titles: string[]) => Thenable<string | undefined>,
    message: string,
    buttons: readonly { title: string; act: () => void }[],
  ): Promise<void> {
    const chosen = await show(message, ...buttons.map(({ title }) => title));
    buttons.find(({ title }) => title === chosen)?.act();
  }
}
