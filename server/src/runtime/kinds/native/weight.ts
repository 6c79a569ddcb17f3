/** What all sandboxes together weigh against everything else that wants to run. It bounds nothing: a core that nobody else wants is theirs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Sequence } from '../../../base/promises.ts';

/** Up to so many weigh what is usual. */
const FEW = 4;
/** However many there are, they get this share of it. */
const LEAST = 1 / 4;

/** Where the kernel has it, and what is usual there. */
const settings = {
  1: { file: 'cpu.shares', usual: 1024 },
  2: { file: 'cpu.weight', usual: 100 },
} as const;

/**
 * Many sandboxes can make many processes run at once, and each could stand in the way of the daemon and of the
 * editor. So the more there are above a few, the less they weigh together.
 */
export class Weight {
  readonly #base: { readonly version: 1 | 2; readonly folder: string } | undefined;
  readonly #order = new Sequence();
  #count = 0;

  /** `base` is the group that they all are in; undefined where none shares out processors. */
  constructor(base: { readonly version: 1 | 2; readonly folder: string } | undefined) {
    this.#base = base;
  }

  /** One more. Resolves when the kernel knows. */
  add(): Promise<void> {
    this.#count++;
    return this.#tell();
  }

  /** One less. */
  remove(): Promise<void> {
    this.#count--;
    return this.#tell();
  }

  /** The last word is that of the last call. A group that has gone, or a kernel that has no weights, is no fault. */
  async #tell(): Promise<void> {
    if (!this.#base) return;
    const { version, folder } = this.#base;
    const { file, usual } = settings[version];
    await this.#order.run(() => {
      const share = Math.max(LEAST, Math.min(1, FEW / this.#count));
      return writeFile(join(folder, file), String(Math.round(usual * share))).catch(() => undefined);
    });
  }
}
