/** The tokens of daemons elsewhere, each kept for its address only, so that no other one is ever shown it. */
import type { vscode } from '../base/code.ts';

const keyOf = (url: string) => `codebeaker.serverToken ${url}`;

export class ServerTokens {
  readonly #storage: vscode.SecretStorage;

  /** `storage`: the editor keeps it encrypted where the system can. */
  constructor(storage: vscode.SecretStorage) {
    this.#storage = storage;
  }

  async of(url: string): Promise<string | undefined> {
    return this.#storage.get(keyOf(url));
  }

  /** `token`: empty to forget it. */
  async set(url: string, token: string): Promise<void> {
    await (token === '' ? this.#storage.delete(keyOf(url)) : this.#storage.store(keyOf(url), token));
  }
}
