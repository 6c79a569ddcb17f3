/** The share of the processor that all sandboxes together get when other processes want it too. An idle core is theirs in any case. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Sequence } from '../../../base/promises.ts';

/** Up to so many sandboxes have the usual weight of a group. */
const FEW = 4;
/** However many there are, they have at least this part of it. */
const LEAST = 1 / 4;

/** The file that sets the weight of a group, and the usual value, for each version of control groups. */
const settings = {
  1: { file: 'cpu.shares', usual: 1024 },
  2: { file: 'cpu.weight', usual: 100 },
} as const;

/**
 * Many sandboxes can have many processes running at once, which would slow down the daemon and the editor. So the more
 * sandboxes there are above a few, the less they weigh together.
 */
export class Weight {
  readonly #base: { readonly version: 1 | 2; readonly folder: string } | undefined;
  readonly #writes = new Sequence();
  #count = 0;

  /** `base` is the group in which all sandboxes are. undefined: there is none that has to do with the processor. */
  constructor(base: { readonly version: 1 | 2; readonly folder: string } | undefined) {
    this.#base = base;
  }

  /** There is one sandbox more. Resolves when the kernel has been told. */
  add(): Promise<void> {
    this.#count++;
    return this.#tell();
  }

  /** There is one sandbox less. */
  remove(): Promise<void> {
    this.#count--;
    return this.#tell();
  }

  /** The writes are in the order of the calls. It is no error if the group is gone, or the kernel has no weights. */
  async #tell(): Promise<void> {
    if (!this.#base) return;
    const { version, folder } = this.#base;
    const { file, usual } = settings[version];
    await this.#writes.run(() => {
      const share = Math.max(LEAST, Math.min(1, FEW / this.#count));
      return writeFile(join(folder, file), String(Math.round(usual * share))).catch(() => undefined);
    });
  }
}
