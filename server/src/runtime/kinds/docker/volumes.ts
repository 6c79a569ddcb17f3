/**
 * The folders for which images ask for a volume (VOLUME in a Dockerfile). The engine would make each on its own disk,
 * without a limit, so such a folder is an empty tmpfs instead. That an image has some shows in its first sandbox.
 */
export class Volumes {
  readonly #known = new Map<string, readonly string[]>();

  of(image: string): readonly string[] {
    return this.#known.get(image) ?? [];
  }

  /** Remembers what was found in a sandbox of the image. Returns whether any of it is new. */
  learn(image: string, found: readonly string[]): boolean {
    const fresh = found.filter((folder) => !this.of(image).includes(folder));
    if (fresh.length > 0) this.#known.set(image, [...this.of(image), ...fresh]);
    return fresh.length > 0;
  }
}
