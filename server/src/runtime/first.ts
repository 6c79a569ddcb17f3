/** The first entries of a directory in the order of their paths, kept while they come, so that no sorting ever takes long. */

/** So many new ones, or a sixteenth of what is kept, are sorted in one go. */
const FEWEST = 1000;
const PART = 16;

export class First<T extends { readonly path: string }> {
  readonly #most: number;
  #kept: T[] = [];
  #fresh: T[] = [];
  #left = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(entry: T): void {
    const last = this.#kept.length === this.#most ? this.#kept.at(-1) : undefined;
    if (last && entry.path > last.path) {
      this.#left++;
      return;
    }
    this.#fresh.push(entry);
    if (this.#fresh.length >= Math.max(FEWEST, this.#kept.length / PART)) this.#merge();
  }

  /** In order. */
  get entries(): T[] {
    this.#merge();
    return this.#kept;
  }

  /** How many were left out, because there were too many. It is known when `entries` has been read. */
  get left(): number {
    return this.#left;
  }

  #merge(): void {
    const [old, fresh] = [this.#kept, this.#fresh.sort((a, b) => (a.path < b.path ? -1 : 1))];
    const total = old.length + fresh.length;
    const merged: T[] = [];
    for (let at = 0, other = 0; merged.length < Math.min(total, this.#most); ) {
      const [one, two] = [old[at], fresh[other]];
      const takesOld = one !== undefined && (two === undefined || one.path < two.path);
      merged.push((takesOld ? one : two) as T);
      if (takesOld) at++;
      else other++;
    }
    this.#left += total - merged.length;
    this.#kept = merged;
    this.#fresh = [];
  }
}
