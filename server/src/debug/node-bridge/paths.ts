/** Paths of files as the program, its source maps and the client name them. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of the file that a script or a source is, without what a module adds to it; undefined for what is no file. */
export function pathOf(url: string): string | undefined {
  if (url.startsWith('/')) return url;
  if (!url.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(url.replace(/[?#].*$/s, ''));
  } catch {
    return undefined;
  }
}

/** One file has one path here, however the client and the program name it. */
export class Paths {
  readonly #real = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** The path without symbolic links. */
  real(path: string): string {
    const known = this.#real.get(path);
    if (known !== undefined) return known;
    try {
      const real = realpathSync(path);
      this.#real.set(path, real);
      return real;
    } catch {
      // It may be there later.
      return resolve(path);
    }
  }

  /** Remembers the name that the client has for a file. */
  named(path: string): string {
    const real = this.real(path);
    this.#names.set(real, path);
    return real;
  }

  /** The name of a file for the client. */
  nameOf(real: string): string {
    return this.#names.get(real) ?? real;
  }
}
