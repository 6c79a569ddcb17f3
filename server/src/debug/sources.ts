/** The sources that exist only inside the sandbox. The client gets a number for each, and asks for its text by that. */

/** A file of the sandbox, or something for which the adapter itself has a number. */
export interface InnerSource {
  readonly path: string | undefined;
  readonly reference: number | undefined;
}

/** A debugger tells of no more files than a program has; one that does is lying. */
const MAX_SOURCES = 20_000;

export class InnerSources {
  readonly #all: InnerSource[] = [];
  readonly #numbers = new Map<string, number>();

  /** The number of a source, from 1 on. undefined: there are too many. */
  numberOf(source: InnerSource): number | undefined {
    const key = `${source.reference ?? ''} ${source.path ?? ''}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#all.length >= MAX_SOURCES) return undefined;
    const number = this.#all.push(source);
    this.#numbers.set(key, number);
    return number;
  }

  get(number: unknown): InnerSource | undefined {
    return typeof number === 'number' ? this.#all[number - 1] : undefined;
  }
}
