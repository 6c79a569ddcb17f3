/** The sources that exist only inside the sandbox. The client gets a number for each, and asks for its text by that. */

/** A file of the sandbox, or something for which the adapter itself has a number. */
export interface InnerSource {
  readonly path: string | undefined;
  readonly reference: number | undefined;
}

/** A debugger tells of no more files than a program has; one that does is lying. */
const MAX_SOURCES = 20_000;
/** No file has a longer path. */
const MAX_PATH_LENGTH = 4096;
/** How many characters the paths of all sources may have. */
const MAX_PATHS_LENGTH = 8 * 1024 * 1024;

export class InnerSources {
  readonly #all: InnerSource[] = [];
  readonly #numbers = new Map<string, number>();
  #pathsLength = 0;

  /** The number of a source, from 1 on. undefined: its path is too long, or there are too many. */
  numberOf({ path, reference }: InnerSource): number | undefined {
    const length = path?.length ?? 0;
    if (length > MAX_PATH_LENGTH) return undefined;
    const key = `${reference ?? ''} ${path ?? ''}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#all.length >= MAX_SOURCES || this.#pathsLength + length > MAX_PATHS_LENGTH) return undefined;
    const number = this.#all.push({ path, reference });
    this.#numbers.set(key, number);
    this.#pathsLength += length;
    return number;
  }

  get(number: unknown): InnerSource | undefined {
    return typeof number === 'number' ? this.#all[number - 1] : undefined;
  }
}
