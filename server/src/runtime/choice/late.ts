/** A runtime whose code is loaded when it is first looked at or asked for a sandbox. Until then nothing is known of it. */
import type { LanguageId, RuntimeInfo } from '../../protocol/index.ts';
import type { CreateContext, Runtime, Sandbox, SandboxSpec } from '../ports.ts';

export class LateRuntime implements Runtime {
  readonly id: string;
  readonly #terminals: boolean;
  readonly #load: () => Promise<Runtime>;
  #loading: Promise<Runtime> | undefined;
  #loaded: Runtime | undefined;

  /** `load` gives a runtime of the same id, which is closed with this one. It is called once. `terminals`: whether its sandboxes have some, as far as can be said before. */
  constructor(id: string, terminals: boolean, load: () => Promise<Runtime>) {
    this.id = id;
    this.#terminals = terminals;
    this.#load = load;
  }

  get terminals(): boolean {
    return this.#loaded ? (this.#loaded.terminals ?? false) : this.#terminals;
  }

  get networks(): Runtime['networks'] {
    return this.#loaded?.networks;
  }

  info(): RuntimeInfo {
    return this.#loaded?.info() ?? unknown(this.id);
  }

  async refresh(signal: AbortSignal): Promise<RuntimeInfo> {
    return (await this.#runtime()).refresh(signal);
  }

  watch(signal: AbortSignal, changed: () => void): void {
    void this.#runtime().then((runtime) => {
      if (!signal.aborted) runtime.watch?.(signal, changed);
    });
  }

  prepared(language: LanguageId | undefined, image?: string): boolean {
    return this.#loaded?.prepared(language, image) ?? false;
  }

  async create(spec: SandboxSpec, context: CreateContext): Promise<Sandbox> {
    return (await this.#runtime()).create(spec, context);
  }

  async close(): Promise<void> {
    await (await this.#loading)?.close();
  }

  #runtime(): Promise<Runtime> {
    this.#loading ??= this.#load().then((runtime) => (this.#loaded = runtime));
    return this.#loading;
  }
}

function unknown(id: string): RuntimeInfo {
  return {
    id,
    available: false,
    reason: 'not looked at yet',
    languages: [],
    isolation: { score: 0, layers: [] },
    startup: { coldMs: 0, warmMs: 0, measured: false },
    memoryBytes: 0,
  };
}
