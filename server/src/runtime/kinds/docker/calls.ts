/** Calls of the engine: each has a deadline, is repeated where that helps and does no harm, and fails with an error for people. */
import { type Clock, deadline } from '../../../base/clock.ts';
import { abortable } from '../../../base/promises.ts';
import { retrying } from '../../../base/retry.ts';
import { Circuit } from './circuit.ts';
import { explain, passing } from './faults.ts';

/** If the engine does not answer a call of this kind within this time, the call fails. */
const DEADLINE_MS = { ending: 1_000, probe: 4_000, call: 30_000, start: 60_000 };

/**
 * What is done about a fault that may pass by itself. `never`: nothing, because whoever calls tries again. `untaken`: the
 * call is repeated where the engine has surely not taken it on; it makes something, so it fails at once while the engine
 * does not answer. `always`: it is repeated, because doing it twice is the same as doing it once.
 */
export type Repeats = 'never' | 'untaken' | 'always';

export type CallKind = keyof typeof DEADLINE_MS;

export class Calls {
  readonly #engine: string;
  readonly #clock: Clock;
  readonly #circuit: Circuit;

  /** `engine` is its name in messages. */
  constructor(engine: string, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#circuit = new Circuit(clock);
  }

  /** However it ends, no timer is left, and no connection but the one that it results in. */
  async run<T>(kind: CallKind, repeats: Repeats, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    if (repeats === 'untaken') this.#circuit.require();
    const abort = new AbortController();
    const cancelled = () => abort.abort(signal?.reason);
    signal?.addEventListener('abort', cancelled, { once: true });
    const late = () => new Error(`no answer within ${DEADLINE_MS[kind] / 1000} s`);
    const mayRepeat = (fault: unknown) => (repeats === 'always' ? passing(fault) !== undefined : repeats === 'untaken' && passing(fault) === 'untaken');
    try {
      const answer = retrying(() => work(abort.signal), { clock: this.#clock, mayRepeat, signal: abort.signal });
      const result = await deadline(this.#clock, DEADLINE_MS[kind], abortable(abort.signal, answer), late);
      this.#circuit.answered();
      return result;
    } catch (fault) {
      // Ends a request that is late. One with an open body that the engine refused would keep its connection for ever.
      abort.abort(fault);
      if (signal?.aborted) throw signal.reason;
      const explained = explain(fault, this.#engine);
      // A container that is about to end is given little time, which says nothing about the engine.
      if (kind !== 'ending') this.#circuit.failed(explained);
      throw explained;
    } finally {
      // What is done with the connection later has nothing to do with this signal.
      signal?.removeEventListener('abort', cancelled);
    }
  }
}
