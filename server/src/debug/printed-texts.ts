/** The texts of the events `output`, without secrets, however a program prints those piece by piece. */
import type { Secrets } from '../secrets/secrets.ts';

/** What takes secrets out of texts: out of a whole one, or out of one that comes in pieces. */
export type SecretFinder = Pick<Secrets, 'redact' | 'redactor'>;

/** The categories that stand beside each other. Whatever else an adapter names is as the one that holds by default. */
const CATEGORIES = ['stdout', 'stderr', 'console', 'important'] as const;
type Category = (typeof CATEGORIES)[number];

/** Invariant: it holds back only what may still become a secret. Secrets are whole characters, so what it gives out is, too. */
export class PrintedTexts {
  readonly #secrets: SecretFinder | undefined;
  readonly #redactors = new Map<Category, ReturnType<SecretFinder['redactor']>>();

  /** undefined: there are no secrets. */
  constructor(secrets: SecretFinder | undefined) {
    this.#secrets = secrets;
  }

  /** What can be told now that this was printed. */
  push(category: unknown, text: string): string {
    if (!this.#secrets) return text;
    const known = CATEGORIES.find((each) => each === category) ?? 'console';
    let redactor = this.#redactors.get(known);
    if (!redactor) this.#redactors.set(known, (redactor = this.#secrets.redactor()));
    return redactor.push(Buffer.from(text)).toString();
  }

  /** What was held back, when nothing more is printed. */
  rest(): { category: Category; output: string }[] {
    const rest = [...this.#redactors].map(([category, redactor]) => ({ category, output: redactor.rest().toString() }));
    return rest.filter(({ output }) => output !== '');
  }
}
