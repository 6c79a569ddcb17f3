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

  /** What can be told now that this was printed, after the rest of what another category has. */
  push(category: unknown, text: string): string {
    const whole = this.#held + text;
    const at = namesFiles(category) ? this.#paths.unfinishedAt(whole) : whole.length;
    this.#category = category;
    this.#held = whole.slice(at);
    return whole.slice(0, at);
  }

  /** What is no longer held back, because something else is to be told: text of this category, or what prints nothing. */
  rest(category?: unknown): { category: unknown; output: string }[] {
    if (this.#held === '' || category === this.#category) return [];
    const output = this.#held;
    this.#held = '';
    return [{ category: this.#category, output }];
  }
}
