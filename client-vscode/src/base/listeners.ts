/** Who wants to hear of something. A listener that is removed hears nothing more, not even of what is being told. */
export class Listeners<T> {
  readonly #all = new Set<(value: T) => void>();

  add(listener: (value: T) => void): { dispose(): void } {
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
