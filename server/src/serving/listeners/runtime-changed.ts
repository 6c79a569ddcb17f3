/** `runtime/changed`: what `initialize` said of the runtimes is not the last word. */
import type { EventStream } from '../../events/events.ts';
import { RuntimeChanged, type RuntimeInfo } from '../../protocol/index.ts';
import type { Client } from '../../wire/service.ts';

/** Listens from when it is made, together with the answer to `initialize`; tells the client from `begin` on. */
export class RuntimeChanges {
  readonly #client: Client;
  readonly #stop: () => void;
  #pending: readonly RuntimeInfo[] | undefined;
  #free = false;

  constructor(client: Client, events: EventStream) {
    this.#client = client;
    this.#stop = events.listen((event) => {
      if (event.kind !== 'runtimesChanged') return;
      this.#pending = event.runtimes;
      if (this.#free) void this.#tell();
    });
  }

  begin(): void {
    void this.#tell();
  }

  end(): void {
    this.#stop();
    this.#pending = undefined;
  }

  /** One notification at a time: a client that does not read gets the latest state when it does. */
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
