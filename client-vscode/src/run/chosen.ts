/** Tells why a runtime was chosen, where that is news: at the first run of a language, and when it runs elsewhere than before. */
import type { Session } from 'codebeaker/protocol';
import type { Code } from '../base/code.ts';

export class ChosenRuntimes {
  readonly #code: Code;
  /** Language → the runtime in which it ran last. */
  readonly #last = new Map<string, string>();

  constructor(code: Code) {
    this.#code = code;
  }

  /**
   * @param named whether the person has named the runtime
   * @returns the sentence, or undefined if it is no news
   */
  news(language: string, { runtime, runtimeReason }: Pick<Session, 'runtime' | 'runtimeReason'>, named: boolean): string | undefined {
    const before = this.#last.get(language);
    this.#last.set(language, runtime);
    if (named || before === runtime || runtimeReason === undefined) return undefined;
    return this.#code.l10n.t('{0} was chosen: {1}', runtime, runtimeReason.replace(/\p{Cc}/gu, ''));
  }
}
