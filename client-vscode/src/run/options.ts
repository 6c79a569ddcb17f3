/** Arguments, environment and stdin of a program, remembered for each file. */
import type { vscode } from '../base/code.ts';

export interface Options {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** All that the program can read; undefined: what is typed. */
  readonly stdin?: string;
}

export const noOptions: Options = { args: [], env: {} };

const KEY = 'codebeaker.options';
/** The files used last are the ones remembered. */
const MAX_FILES = 200;

type Store = Readonly<Record<string, Options>>;

/** The workspace's own memory, or the editor's where there is no workspace. */
export class RememberedOptions {
  readonly #memento: vscode.Memento;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  of(uri: vscode.Uri): Options {
    return this.#all()[uri.toString()] ?? noOptions;
  }

  async remember(uri: vscode.Uri, options: Options): Promise<void> {
    const { [uri.toString()]: _, ...others } = this.#all();
    const entries = [...Object.entries(others), [uri.toString(), options] as const];
    await this.#memento.update(KEY, Object.fromEntries(entries.slice(-MAX_FILES)));
  }

  #all(): Store {
    return this.#memento.get<Store>(KEY, {});
  }
}
