/** Knows for each language which runtime the daemon would choose: the daemon is asked once, and again when its runtimes change. */
import type { LanguageId, RuntimeInfo } from 'codebeaker/protocol';
import { Listeners } from '../base/listeners.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { faultData } from '../client/faults.ts';

export class RuntimeChoices {
  readonly #changed = new Listeners<void>();
  /** Null for a language that no runtime can run. */
  readonly #chosen = new Map<LanguageId, string | null>();
  readonly #asking = new Set<LanguageId>();
  #connection: Connection | undefined;
  #listening: { dispose(): void } | undefined;
  /** Undefined while there is no daemon. */
  runtimes: readonly RuntimeInfo[] | undefined;

  constructor(client: Client) {
    client.onChange((connection) => {
      this.#listening?.dispose();
      this.#connection = connection;
      this.#listening = connection?.on('runtime/changed', ({ runtimes }) => this.#setRuntimes(runtimes));
      this.#setRuntimes(connection?.server.capabilities.runtimes);
    });
  }

  onChange(listener: () => void): { dispose(): void } {
    return this.#changed.add(listener);
  }

  /** @returns undefined while it is not known, null if no runtime can run the language */
  ofLanguage(language: LanguageId): RuntimeInfo | null | undefined {
    const id = this.#chosen.get(language);
    if (id === undefined && this.#connection) void this.#ask(this.#connection, language);
    return typeof id === 'string' ? this.withId(id) : id;
  }

  /** @returns undefined while it is not known, null if there is no such runtime */
  withId(id: string): RuntimeInfo | null | undefined {
    return this.runtimes && (this.runtimes.find((runtime) => runtime.id === id && runtime.available) ?? null);
  }

  dispose(): void {
    this.#listening?.dispose();
  }

  #setRuntimes(runtimes: readonly RuntimeInfo[] | undefined): void {
    this.runtimes = runtimes;
    this.#chosen.clear();
    this.#changed.tell();
  }

  async #ask(connection: Connection, language: LanguageId): Promise<void> {
    if (this.#asking.has(language)) return;
    this.#asking.add(language);
    const { runtimes } = this;
    let chosen: string | null;
    try {
      chosen = (await connection.request('runtime/select', { language })).runtime;
    } catch (fault) {
      // After any other error the choice stays unknown.
      if (faultData(fault).kind !== 'RuntimeUnavailable') return;
      chosen = null;
    } finally {
      this.#asking.delete(language);
    }
    // If the runtimes have changed since, the answer is out of date, and the daemon is asked again.
    if (runtimes === this.runtimes) this.#chosen.set(language, chosen);
    this.#changed.tell();
  }
}
