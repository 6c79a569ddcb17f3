/** Tells what this machine lacks and what is used instead, with buttons that lead to a remedy. */
import type { LanguageId, RuntimeInfo } from 'codebeaker/protocol';
import type { Code, vscode } from '../base/code.ts';
import type { Log } from '../base/log.ts';
import { TooManyCrashes } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { ConnectionClosed, type FaultData, faultData, isUnreachable } from '../client/faults.ts';
import type { Source } from '../run/source/source.ts';

const installPages = {
  docker: 'https://docs.docker.com/engine/install/',
  deno: 'https://docs.deno.com/runtime/getting_started/installation/',
};

const TOLD_KEY = 'codebeaker.toldWithoutDocker';

interface Button {
  readonly title: string;
  readonly act: () => void;
}

export interface MissingParts {
  readonly code: Code;
  readonly memory: vscode.Memento;
  readonly log: Log;
  showLog(): void;
  showDoctor(): void;
  restart(): void;
  /** Whether programs run on another machine, where nothing can be installed from here. */
  isElsewhere(): boolean;
  /** Whether this runtime can make sandboxes now. */
  isAvailable(runtime: string): boolean;
}

export class Missing {
  readonly #parts: MissingParts;
  /** Whether a message about a run that failed is still shown. */
  #failureIsShown = false;

  constructor(parts: MissingParts) {
    this.#parts = parts;
  }

  /**
   * Tells that a source could not be run, with buttons for what can be done about it. The reason itself can be long, and is
   * in the output of the run. While such a message is shown, there is no second one.
   */
  async tellFailure({ language, name }: Source, fault: unknown): Promise<void> {
    const { code: { l10n, window }, log } = this.#parts;
    const data = faultData(fault);
    if (data.output) log.error(`${name}: ${data.output.trimEnd()}`);
    // The terminal says that the daemon ended, and the daemon is started again; or it has been told that there is none.
    if (fault instanceof ConnectionClosed || isUnreachable(fault)) return;
    if (fault instanceof TooManyCrashes) return this.tellCrashes();
    if (this.#failureIsShown) return;
    this.#failureIsShown = true;
    try {
      await this.#show(window.showErrorMessage, l10n.t('{0} could not be run. Its output says why.', name), this.#remedies(language, data));
    } finally {
      this.#failureIsShown = false;
    }
  }

  #remedies(language: LanguageId, { kind, runtime }: FaultData): Button[] {
    const { code: { commands, l10n }, isAvailable, isElsewhere, restart, showDoctor } = this.#parts;
    if (kind !== 'RuntimeUnavailable') return [this.#showLog()];
    if (runtime !== undefined && isAvailable(runtime)) {
      // The runtime is there, so what it was asked for is not, such as the image.
      const settings = { title: l10n.t('Open Settings'), act: () => void commands.executeCommand('workbench.action.openSettings', 'codebeaker.languages') };
      return [settings, this.#showLog()];
    }
    const looking = [{ title: l10n.t('Doctor'), act: showDoctor }, { title: l10n.t('Look Again'), act: restart }];
    if (isElsewhere()) return looking;
    const helpful = language === 'javascript' || language === 'typescript' ? (['docker', 'deno'] as const) : (['docker'] as const);
    const install = helpful.filter((id) => !isAvailable(id)).map((id) => this.#install(id));
    return [...install, ...looking];
  }

  /** Tells what is used if Docker is not available, once for each installation of the extension. */
  async tellWithoutDocker(connection: Connection): Promise<void> {
    const { code, memory, isElsewhere } = this.#parts;
    const { l10n, window } = code;
    if (isElsewhere()) return;
    if (!lacksDocker(connection.server.capabilities.runtimes) || memory.get<boolean>(TOLD_KEY)) return;
    const runtimes = await lookedAt(connection).catch(() => []);
    if (!lacksDocker(runtimes) || memory.get<boolean>(TOLD_KEY)) return;
    await memory.update(TOLD_KEY, true);
    const others = runtimes.filter(({ available }) => available).map(({ id }) => id);
    const message =
      others.length === 0
        ? l10n.t('Docker is not available, and this machine has nothing else that can run code in a sandbox.')
        : l10n.t('Docker is not available. Code runs in {0} instead, which may support fewer languages and isolate less.', others.join(', '));
    const install = [this.#install('docker'), ...(others.includes('deno') ? [] : [this.#install('deno')])];
    return this.#show(others.length === 0 ? window.showWarningMessage : window.showInformationMessage, message, install);
  }

  async tellCrashes(): Promise<void> {
    const { code, restart } = this.#parts;
    const { l10n, window } = code;
    const message = l10n.t('The CodeBeaker daemon crashed 5 times within 3 minutes. It will not be started again until you restart it.');
    return this.#show(window.showErrorMessage, message, [this.#showLog(), { title: l10n.t('Restart'), act: restart }]);
  }

  #showLog(): Button {
    const { code, showLog } = this.#parts;
    return { title: code.l10n.t('Show Log'), act: showLog };
  }

  #install(what: keyof typeof installPages): Button {
    const { env, l10n, Uri } = this.#parts.code;
    const title = what === 'docker' ? l10n.t('Install Docker') : l10n.t('Install Deno');
    return { title, act: () => void env.openExternal(Uri.parse(installPages[what])) };
  }

  async #show(
    showMessage: (message: string, ...titles: string[]) => Thenable<string | undefined>,
    message: string,
    buttons: readonly Button[],
  ): Promise<void> {
    const pressed = await showMessage(message, ...buttons.map(({ title }) => title));
    buttons.find(({ title }) => title === pressed)?.act();
  }
}

const lacksDocker = (runtimes: readonly RuntimeInfo[]): boolean => runtimes.some(({ id, available }) => id === 'docker' && !available);

/** The answer to `initialize` may be older than the daemon's look at a slow runtime. A choice waits for all of them, whatever comes of it. */
async function lookedAt(connection: Connection): Promise<readonly RuntimeInfo[]> {
  await connection.request('runtime/select', { language: 'javascript' }).catch(() => undefined);
  return (await connection.request('runtime/list', {})).runtimes;
}
