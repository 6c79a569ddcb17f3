/** The variables of a session's programs: those that the client has set, and those that its network and its packages need. */
import type { Environment } from '../protocol/index.ts';

export class SessionEnvironment {
  /** Those that the client has set. */
  readonly own: Environment;
  readonly #network: Environment;
  #equipment: Environment = {};

  /** `network`: those that its network needs. */
  constructor(own: Environment, network: Environment = {}) {
    this.own = own;
    this.#network = network;
  }

  /** All of them. What the client has set stays, but for PATH, which packages have to precede. */
  get all(): Environment {
    const { PATH } = this.#equipment;
    return { ...this.settled, ...this.own, ...(PATH === undefined ? {} : { PATH }) };
  }

  /** Those that its network and its packages need. They name nothing that a program could change. */
  get settled(): Environment {
    return { ...this.#network, ...this.#equipment };
  }

  /** Sets what packages need, for every program that begins later. */
  equip(variables: Environment): void {
    this.#equipment = variables;
  }
}
