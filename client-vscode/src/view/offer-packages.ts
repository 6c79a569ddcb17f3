/** After a program ended because it did not find a module: offers to install the package that has it, and to run the program again. */
import type { MissingModule } from 'codebeaker/protocol';
import type { Code } from '../base/code.ts';
import type { Settings } from '../base/settings.ts';
import type { Consoles, RunConsole } from '../run/consoles.ts';
import type { RunEnd } from '../run/run.ts';
import type { Options, RememberedOptions } from '../run/source/options.ts';
import type { RunSpec } from '../run/source/run-spec.ts';

export interface OfferParts {
  readonly code: Code;
  readonly consoles: Pick<Consoles, 'ofSession'>;
  readonly options: RememberedOptions;
  mode(): Settings['packages'];
  /** The names of what lies in the folder of a file. */
  beside(uri: RunSpec['source']['uri']): Promise<readonly string[]>;
  /** Resolves with whether the packages with these names were installed for the runs of the file. */
  install(spec: RunSpec, names: readonly string[]): Promise<boolean>;
  /** `shown`: where it ran. */
  runAgain(spec: RunSpec, shown: RunConsole): Promise<void>;
}

export class PackageOffers {
  readonly #parts: OfferParts;
  /** The offers that are shown, each as its file and what it says. There is no second one that says the same. */
  readonly #shown = new Set<string>();

  constructor(parts: OfferParts) {
    this.#parts = parts;
  }

  async tell({ session: { sessionId }, result: { missing } }: RunEnd): Promise<void> {
    const { code, consoles, options, mode, beside } = this.#parts;
    const shown = consoles.ofSession(sessionId);
    if (!missing || !shown || mode() === 'never') return;
    const { spec } = shown.run;
    const { uri } = spec.source;
    // A folder that was not copied may have the module. No package of its name is meant then.
    const [top = ''] = missing.module.split(/[./]/);
    const names = await beside(uri).catch(() => []);
    if (names.some((name) => name.split('.')[0] === top)) return;
    const message = offerOf(code, missing, options.of(uri));
    const key = `${uri.toString()} ${message ?? ''}`;
    if (message === undefined || this.#shown.has(key)) return;
    this.#shown.add(key);
    try {
      await this.#ask(spec, shown, message, missing);
    } finally {
      this.#shown.delete(key);
    }
  }

  async #ask(spec: RunSpec, shown: RunConsole, message: string, { packages }: MissingModule): Promise<void> {
    const { code: { l10n, window }, options, install, runAgain } = this.#parts;
    const { uri } = spec.source;
    const [now, never] = [l10n.t('Install and Run Again'), l10n.t('Don’t Ask for This File')];
    const pressed = await window.showInformationMessage(message, now, never);
    if (pressed === never) return options.remember(uri, { ...options.of(uri), offers: 'never' });
    if (pressed !== now) return;
    const names = [...new Set([...(options.of(uri).packages ?? []), ...packages])];
    if (await install(spec, names)) await runAgain(spec, shown);
  }
}

/** What the person is told. undefined: nothing, because nobody wants to be asked, or because the packages are installed already and do not help. */
export function offerOf({ l10n }: Pick<Code, 'l10n'>, { module, packages }: MissingModule, known: Pick<Options, 'packages' | 'offers'>): string | undefined {
  if (known.offers === 'never' || packages.every((name) => known.packages?.includes(name))) return undefined;
  return l10n.t('The program needs {0} (module {1}).', packages.join(', '), module);
}
