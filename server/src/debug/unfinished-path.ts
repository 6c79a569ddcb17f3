/** The beginning of a path of the sandbox, where a program prints the path piece by piece: it is told together with the rest, so that the path can be translated. */
import type { PathMap } from './paths.ts';
import { namesFiles } from './rewrite.ts';

/** Invariant: what is held back is the end of what was printed last, and may still become the folder of a mapping. */
export class UnfinishedPath {
  readonly #paths: Pick<PathMap, 'unfinishedAt'>;
  #category: unknown;
  #held = '';

  constructor(paths: Pick<PathMap, 'unfinishedAt'>) {
    this.#paths = paths;
  }

  /** Whether something is held back that stands before what is printed with this category. */
  precedes(category: unknown): boolean {
    return this.#held !== '' && category !== this.#category;
  }

  /** What can be told now that this was printed. */
  push(category: unknown, text: string): string {
    const whole = this.#held + text;
    const at = namesFiles(category) ? this.#paths.unfinishedAt(whole) : whole.length;
    this.#category = category;
    this.#held = whole.slice(at);
    return whole.slice(0, at);
  }

  /** What was held back, when something else is to be told before the rest comes. */
  rest(): { category: unknown; output: string }[] {
    const output = this.#held;
    this.#held = '';
    return output === '' ? [] : [{ category: this.#category, output }];
  }
}
