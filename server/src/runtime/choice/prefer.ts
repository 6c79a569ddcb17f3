/** One runtime in two shapes: the better one where this host can have it, the other one elsewhere. */
import type { LanguageId, RuntimeInfo } from '../../protocol/index.ts';
import type { CreateContext, Runtime, Sandbox, SandboxSpec } from '../ports.ts';

export class PreferredRuntime implements Runtime {
  readonly id: string;
  readonly #better: Runtime;
  readonly #other: Runtime;

  /** Both have the same id. */
  constructor(better: Runtime, other: Runtime) {
    this.id = better.id;
    this.#better = better;
    this.#other = other;
  }

  get terminals(): boolean {
    return this.#chosen.terminals ?? false;
  }

  info(): RuntimeInfo {
    return this.#chosen.info();
  }

  async refresh(signal: AbortSignal): Promise<RuntimeInfo> {
    await Promise.all([this.#other.refresh(signal), this.#better.refresh(signal)]);
    return this.info();
  }

  get networks(): Runtime['networks'] {
    return this.#chosen.networks;
  }

  watch(signal: AbortSignal, changed: () => void): void {
    for (const runtime of [this.#better, this.#other]) runtime.watch?.(signal, changed);
  }

  prepared(language: LanguageId | undefined, image?: string): boolean {
    return this.#chosen.prepared(language, image);
  }

  create(spec: SandboxSpec, context: CreateContext): Promise<Sandbox> {
    return this.#chosen.create(spec, context);
  }

  async close(): Promise<void> {
    await Promise.all([this.#better.close(), this.#other.close()]);
  }

  get #chosen(): Runtime {
    return this.#better.info().available ? this.#better : this.#other;
  }
}
