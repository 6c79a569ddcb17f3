/** Remembers for each file the arguments, environment and input that its program runs with. */
import type { vscode } from '../../base/code.ts';

export interface Options {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** All that the program reads; undefined if it reads what is typed. */
  readonly stdin?: string;
  /** The names of packages that were installed for it. */
  readonly packages?: readonly string[];
  /** `never`: nobody wants to be asked about packages that its program lacks. */
  readonly offers?: 'never';
}

export const noOptions: Options = { args: [], env: {} };

const KEY = 'codebeaker.options';
/** Only the files that were remembered last are kept. */
const MAX_FILES = 200;

type OptionsByUri = Readonly<Record<string, Options>>;

export class RememberedOptions {
  readonly #memento: vscode.Memento;

  /** @param memento the storage of the workspace, or the editor's if no workspace is open */
  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  of(uri: vscode.Uri): Options {
    return this.#all()[uri.toString()] ?? noOptions;
  }

  async remember(uri: vscode.Uri, options: Options): Promise<void> {
    const { [uri.toString()]: _, ...others } = this.#all();
    const all = [...Object.entries(others), [uri.toString(), options] as const];
    await this.#memento.update(KEY, Object.fromEntries(all.slice(-MAX_FILES)));
  }

  /** Whoever has packages installed for a file wants to be asked about them again. */
  async rememberPackages(uri: vscode.Uri, packages: readonly string[]): Promise<void> {
    const { offers: _, ...known } = this.of(uri);
    await this.remember(uri, { ...known, packages });
  }

  #all(): OptionsByUri {
    return this.#memento.get<OptionsByUri>(KEY, {});
  }
}
