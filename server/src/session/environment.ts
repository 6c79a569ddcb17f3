/** The variables of a session's programs: those that the client has set, and those that its packages need. */
import type { Environment } from '../protocol/index.ts';

export class SessionEnvironment {
  /** Those that the client has set. */
  readonly own: Environment;
  #equipment: Environment = {};

  constructor(own: Environment) {
    this.own = own;
  }

  /** All of them. What the client has set stays, but for PATH, which packages have to precede. */
  get all(): Environment {
    const { PATH } = this.#equipment;
    return { ...this.#equipment, ...this.own, ...(PATH === undefined ? {} : { PATH }) };
  }

  /** Those that packages need. They name nothing that a program could change. */
  get settled(): Environment {
    return this.#equipment;
  }

  /** Sets what packages need, for every program that begins later. */
  equip(variables: Environment): void {
    this.#equipment = variables;
  }
}
