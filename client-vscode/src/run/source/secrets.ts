/** The secrets that runs have: those that the settings name. The editor keeps their values, or the daemon's configuration says where they come from. */
import type { vscode } from '../../base/code.ts';
import type { RunSpec } from './run-spec.ts';

export interface SecretsParts {
  /** Where the editor keeps them: in the system's store of keys. */
  readonly storage: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;
  /** Where their names are kept, because the storage can't list them. */
  readonly memory: vscode.Memento;
  /** The names of those that runs get. */
  wanted(): readonly string[];
}

const NAMES = 'codebeaker.secretNames';
const keyOf = (name: string) => `secret.${name}`;

export class Secrets {
  readonly #parts: SecretsParts;

  constructor(parts: SecretsParts) {
    this.#parts = parts;
  }

  /** The names of those that the editor keeps. */
  get names(): readonly string[] {
    return this.#parts.memory.get<readonly string[]>(NAMES, []);
  }

  async set(name: string, value: string): Promise<void> {
    await this.#parts.storage.store(keyOf(name), value);
    await this.#parts.memory.update(NAMES, [...new Set([...this.names, name])].sort());
  }

  async remove(name: string): Promise<void> {
    await this.#parts.storage.delete(keyOf(name));
    await this.#parts.memory.update(NAMES, this.names.filter((each) => each !== name));
  }

  /** The same run, with its secrets as they are now. */
  async complete(spec: RunSpec): Promise<RunSpec> {
    const names = [...new Set(this.#parts.wanted())];
    const { secrets: _, ...bare } = spec;
    if (names.length === 0) return bare;
    const found = await Promise.all(names.map(async (name) => [name, await this.#parts.storage.get(keyOf(name))] as const));
    const secrets = Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== undefined));
    const secretNames = names.filter((name) => !Object.hasOwn(secrets, name));
    return { ...bare, secrets: { ...(Object.keys(secrets).length > 0 ? { secrets } : {}), ...(secretNames.length > 0 ? { secretNames } : {}) } };
  }
}
