/** The limits to which a session is held. They can be lowered while it is open. */
import type { Log } from '../base/log.ts';
import type { Limits } from '../protocol/index.ts';
import type { Sandbox } from '../runtime/ports.ts';

export interface HeldLimitsParts {
  readonly id: string;
  readonly limits: Limits;
  readonly sandbox: Pick<Sandbox, 'adjust'>;
  readonly log: Log;
}

/** The limits that are in force in the sandbox. The daemon itself holds commands to the others. */
const ofSandbox = ['memoryBytes', 'cpus', 'pids', 'diskBytes'] as const;

export class HeldLimits {
  readonly #parts: HeldLimitsParts;
  #now: Limits;

  constructor(parts: HeldLimitsParts) {
    this.#parts = parts;
    this.#now = parts.limits;
  }

  get now(): Limits {
    return this.#now;
  }

  /** From the next command on these hold, none of which is higher than before. Resolves with those to which the sandbox can't be held. */
  async narrow(limits: Limits): Promise<(keyof Limits)[]> {
    const { sandbox, id, log } = this.#parts;
    const { memoryBytes, cpus, pids, diskBytes } = this.#now;
    const lower = ofSandbox.filter((name) => limits[name] < this.#now[name]);
    // The size of its folders is fixed when it is made.
    const fixed = lower.filter((name) => name === 'diskBytes');
    this.#now = { ...limits, memoryBytes, cpus, pids, diskBytes };
    if (fixed.length === lower.length) return fixed;
    const lowered = { ...limits, diskBytes };
    try {
      await sandbox.adjust(lowered);
    } catch (fault) {
      log.debug(`session ${id} can't be held to lower limits`, fault);
      return lower;
    }
    this.#now = lowered;
    return fixed;
  }
}
