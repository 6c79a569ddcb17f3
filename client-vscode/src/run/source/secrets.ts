/** The secrets that runs have: those that the settings name, as far as the person has allowed it in this workspace. The editor keeps their values, or the daemon's configuration says where they come from. */
import type { vscode } from '../../base/code.ts';
import type { RunNeeds, RunSpec } from './run-spec.ts';

export interface SecretsParts {
  /** Where the editor keeps them: in the system's store of keys. */
  readonly storage: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;
  /** Where their names are kept, because the storage can't list them. */
  readonly memory: vscode.Memento;
  /** Where it is kept which of them programs of this workspace may have. No file of the workspace can change it. */
  readonly workspace: vscode.Memento;
  /** The names of those that runs get. */
  wanted(): readonly string[];
  /** Those of them that the person's own settings name. */
  own(): readonly string[];
  /** Asks the person whether programs of this workspace may have these. undefined: nobody has answered. */
  ask(names: readonly string[]): Promise<boolean | undefined>;
}

const NAMES = 'codebeaker.secretNames';
const ANSWERS = 'codebeaker.allowedSecrets';

/** Name → whether programs of this workspace may have it. */
type Answers = Readonly<Record<string, boolean>>;

const keyOf = (name: string) => `secret.${name}`;

export class Secrets {
  readonly #parts: SecretsParts;
  /** Those about which nobody answered. They are asked about again when the editor is started anew. */
  readonly #unanswered = new Set<string>();
  /** One question is shown at a time. */
  #asking: Promise<void> | undefined;

  constructor(parts: SecretsParts) {
    this.#parts = parts;
  }

  /** The names of those that the editor keeps. */
  get names(): readonly string[] {
    return this.#parts.memory.get<readonly string[]>(NAMES, []);
  }

  /** Whoever sets a secret in a workspace means it for the programs there. */
  async set(name: string, value: string): Promise<void> {
    await this.#parts.storage.store(keyOf(name), value);
    await this.#parts.memory.update(NAMES, [...new Set([...this.names, name])].sort());
    await this.#remember([name], true);
  }

  async remove(name: string): Promise<void> {
    await this.#parts.storage.delete(keyOf(name));
    await this.#parts.memory.update(NAMES, this.names.filter((each) => each !== name));
    const { [name]: _, ...others } = this.#answers;
    await this.#parts.workspace.update(ANSWERS, others);
  }

  /** The same run, with its secrets as they are now. */
  async complete(spec: RunSpec, { secrets: given = {}, secretNames: wanted = this.#parts.wanted() }: RunNeeds = {}): Promise<RunSpec> {
    const names = (await this.#allowed([...new Set(wanted)])).filter((name) => !Object.hasOwn(given, name));
    const { secrets: _, ...bare } = spec;
    if (names.length === 0 && Object.keys(given).length === 0) return bare;
    const found = await Promise.all(names.map(async (name) => [name, await this.#parts.storage.get(keyOf(name))] as const));
    const secrets = { ...Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== undefined)), ...given };
    const secretNames = names.filter((name) => !Object.hasOwn(secrets, name));
    return { ...bare, secrets: { ...(Object.keys(secrets).length > 0 ? { secrets } : {}), ...(secretNames.length > 0 ? { secretNames } : {}) } };
  }

  get #answers(): Answers {
    return this.#parts.workspace.get<Answers>(ANSWERS, {});
  }

  /** Those that programs of this workspace may have. A file of the workspace can name any secret, so the person decides. */
  async #allowed(names: readonly string[]): Promise<string[]> {
    const isOwn = (name: string) => this.#parts.own().includes(name);
    const open = () => names.filter((name) => !isOwn(name) && !Object.hasOwn(this.#answers, name) && !this.#unanswered.has(name));
    while (open().length > 0) {
      this.#asking ??= this.#ask(open()).finally(() => (this.#asking = undefined));
      await this.#asking;
    }
    return names.filter((name) => isOwn(name) || (Object.hasOwn(this.#answers, name) && this.#answers[name]));
  }

  async #ask(names: readonly string[]): Promise<void> {
    const answer = await this.#parts.ask(names);
    if (answer === undefined) for (const name of names) this.#unanswered.add(name);
    else await this.#remember(names, answer);
  }

  async #remember(names: readonly string[], allowed: boolean): Promise<void> {
    await this.#parts.workspace.update(ANSWERS, { ...this.#answers, ...Object.fromEntries(names.map((name) => [name, allowed])) });
  }
}
