/** Records calls that reach nothing: of methods that are not there, with params of the wrong shape, or before `initialize`. However many there are, they fill few records. */
import { type ErrorKind, ProtocolError } from '../protocol/index.ts';
import type { Recorder } from './entry.ts';

const kinds: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['MethodNotFound', 'InvalidParams', 'InvalidRequest', 'ServerNotInitialized']);

/** So many methods with their errors are told apart. All others count together. */
const MAX_TOLD_APART = 50;
/** The name of a method that is not there can be of any length. */
const MAX_NAME_LENGTH = 100;
/** The first one is recorded, and then one each time that there are so many times more. */
const EVERY = 10;

interface Tally {
  readonly error: ErrorKind;
  /** undefined: any of those that are not told apart. */
  readonly method: string | undefined;
  times: number;
  /** How many of them are recorded. */
  recorded: number;
}

export class Mistakes {
  readonly #log: Recorder;
  readonly #counts = new Map<string, Tally>();

  constructor(log: Recorder) {
    this.#log = log;
  }

  /** An error that says something else is none of its business. */
  record(method: string, fault: unknown): void {
    if (!(fault instanceof ProtocolError) || !kinds.has(fault.kind)) return;
    const counted = this.#of(method.slice(0, MAX_NAME_LENGTH), fault.kind);
    counted.times++;
    if (counted.times >= counted.recorded * EVERY) this.#tell(counted);
  }

  /** Records how many they were in the end. */
  close(): void {
    for (const counted of this.#counts.values()) if (counted.times > counted.recorded) this.#tell(counted);
  }

  #of(method: string, error: ErrorKind): Tally {
    const isApart = this.#counts.has(`${error} ${method}`) || this.#counts.size < MAX_TOLD_APART;
    const key = isApart ? `${error} ${method}` : error;
    const known = this.#counts.get(key);
    if (known) return known;
    const counted: Tally = { error, method: isApart ? method : undefined, times: 0, recorded: 0 };
    this.#counts.set(key, counted);
    return counted;
  }

  #tell(counted: Tally): void {
    const { method, error, times } = counted;
    counted.recorded = times;
    this.#log.record({ kind: 'denial', event: 'refused', fields: { method, error, ...(times > 1 ? { times } : {}) } });
  }
}
