/** A set of listeners that are told values. A listener that is removed, even while a value is being told, hears nothing more. */
export class Listeners<T> {
  readonly #all = new Set<(value: T) => void>();

  add(listener: (value: T) => void): { dispose(): void } {
    // The same function may be added twice, so each gets a wrapper of its own.
    const own = (value: T) => listener(value);
    this.#all.add(own);
    return { dispose: () => void this.#all.delete(own) };
  }

  tell(value: T): void {
    for (const listener of [...this.#all]) {
      if (this.#all.has(listener)) listener(value);
    }
  }
}
