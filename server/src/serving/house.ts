/**
 * What belongs to the machine's user, and thus to all connections of a daemon together: the sandboxes made ahead, the
 * turns of commands, the number of sessions, and the listeners that all of them share. Made once, when the first
 * client has been answered.
 */
import { availableParallelism } from 'node:os';
import type { WarmInterpreter } from '../warm/interpreter.ts';
import { Places } from '../session/places.ts';
import type { SandboxPool } from '../warm/pool.ts';
import { Turns } from '../session/turns.ts';
import { measureRuntimes } from './listeners/measure.ts';
import type { HouseParts, HouseShare, VisitParts } from './parts.ts';
import { Visit } from './visit.ts';
import { createPool } from '../warm/wanted.ts';

/** Commands that begin at once. Fewer leave cores idle while the daemon answers; more only wait for a core, and make the daemon wait. */
const COMMANDS_A_CORE = 2;
/** An engine elsewhere has cores of its own. */
const MIN_AT_ONCE = 4;

export class House implements HouseShare {
  readonly parts: HouseParts;
  readonly pool: SandboxPool<WarmInterpreter> | undefined;
  readonly turns: Turns;
  readonly places: Places;
  readonly #stopMeasuring: () => void;
  #visits = 0;

  constructor(parts: HouseParts) {
    const { policy, catalog, events, clock, log } = parts;
    this.parts = parts;
    this.pool = createPool(policy, clock, log.child('pool'));
    this.turns = new Turns({ atOnce: Math.max(MIN_AT_ONCE, COMMANDS_A_CORE * availableParallelism()), clock });
    this.places = new Places(policy.sessions.max);
    this.#stopMeasuring = measureRuntimes(catalog, events);
  }

  /** A client whose `initialize` has been answered comes in. */
  receive(parts: VisitParts): Visit {
    this.#visits++;
    return new Visit(`visit-${this.#visits}`, this, parts);
  }

  /** Removes every sandbox that waits. The visits are closed by whoever opened them. Idempotent. */
  async close(): Promise<void> {
    this.#stopMeasuring();
    await this.pool?.close();
  }
}
