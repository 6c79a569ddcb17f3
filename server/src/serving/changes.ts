/** `runtime/changed`: what `initialize` said of the runtimes is not the last word. */
import { RuntimeChanged, type RuntimeInfo } from '../protocol/index.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import type { Client } from '../wire/service.ts';

/** Listens from when it is made, together with the answer to `initialize`; tells from `begin` on. */
export class ChangeTeller {
  readonly #client: Client;
  readonly #catalog: Catalog;
  readonly #stop: () => void;
  #pending: readonly RuntimeInfo[] | undefined;
  #free = false;

  constructor(client: Client, catalog: Catalog) {
    this.#client = client;
    this.#catalog = catalog;
    this.#stop = catalog.onChange((infos) => {
      this.#pending = infos;
      if (this.#free) void this.#tell();
    });
  }

  /** What was remembered from last time is looked at now that nobody waits for it. */
  begin(): void {
    void this.#tell();
    void this.#catalog.lookAtAll();
  }

  end(): void {
    this.#stop();
    this.#pending = undefined;
  }

  /** One at a time: a client that does not read gets the latest when it does. */
  async #tell(): Promise<void> {
    this.#free = false;
    while (this.#pending) {
      const runtimes = [...this.#pending];
      this.#pending = undefined;
      await this.#client.notify(RuntimeChanged, { runtimes });
    }
    this.#free = true;
  }
}
