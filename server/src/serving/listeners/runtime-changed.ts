/** Sends `runtime/changed` when the runtimes are no longer as the result of `initialize` described them. */
import type { EventStream } from '../../events/events.ts';
import { RuntimeChanged, type RuntimeInfo } from '../../protocol/index.ts';
import type { Client } from '../../wire/service.ts';

/** Listens from its creation, which is when the answer to `initialize` is made. It notifies the client only after `begin`. */
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

  /** Sends one notification at a time, so a client that reads slowly gets only the latest list. */
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
