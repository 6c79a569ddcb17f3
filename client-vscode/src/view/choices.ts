/** What would run a language here. The daemon chooses; this remembers what it said. */
import type { LanguageId, RuntimeInfo } from 'codebeaker/protocol';
import { Listeners } from '../base/listeners.ts';
import type { Client } from '../client/client.ts';
import { faultData } from '../client/faults.ts';
import type { Link } from '../client/link.ts';

export class Choices {
  readonly #changed = new Listeners<void>();
  readonly #chosen = new Map<LanguageId, string | null>();
  readonly #asking = new Set<LanguageId>();
  #link: Link | undefined;
  #listening: { dispose(): void } | undefined;
  /** Undefined while there is no daemon. */
  runtimes: readonly RuntimeInfo[] | undefined;

  constructor(client: Client) {
    client.onChange((link) => {
      this.#listening?.dispose();
      this.#link = link;
      this.#listening = link?.on('runtime/changed', ({ runtimes }) => this.#set(runtimes));
      this.#set(link?.server.capabilities.runtimes);
    });
  }

  onChange(listener: () => void): { dispose(): void } {
    return this.#changed.add(listener);
  }

  /** @returns undefined while it is not known, null where nothing runs the language. */
  of(language: LanguageId): RuntimeInfo | null | undefined {
    const id = this.#chosen.get(language);
    if (id === undefined && this.#link) void this.#ask(this.#link, language);
    return typeof id === 'string' ? this.named(id) : id;
  }

  /** One that is asked for by name. */
  named(id: string): RuntimeInfo | null | undefined {
    return this.runtimes && (this.runtimes.find((runtime) => runtime.id === id && runtime.available) ?? null);
  }

  dispose(): void {
    this.#listening?.dispose();
  }

  #set(runtimes: readonly RuntimeInfo[] | undefined): void {
    this.runtimes = runtimes;
    this.#chosen.clear();
    this.#changed.tell();
  }

  async #ask(link: Link, language: LanguageId): Promise<void> {
    if (this.#asking.has(language)) return;
    this.#asking.add(language);
    const { runtimes } = this;
    let chosen: string | null;
    try {
      chosen = (await link.request('runtime/select', { language })).runtime;
    } catch (fault) {
      // Any other fault leaves it unknown.
      if (faultData(fault).kind !== 'RuntimeUnavailable') return;
      chosen = null;
    } finally {
      this.#asking.delete(language);
    }
    // Asked about runtimes that are no longer those: the next look asks again.
    if (runtimes === this.runtimes) this.#chosen.set(language, chosen);
    this.#changed.tell();
  }
}
