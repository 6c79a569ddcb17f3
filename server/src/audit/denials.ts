/** Records what the rules did not allow. Of calls that are refused one like the other within a moment, a single record tells how many they were. */
import { type ErrorKind, type Method, ProtocolError } from '../protocol/index.ts';
import type { Fields, Recorder } from './entry.ts';

/** The errors that say that the rules do not allow a call. */
const kinds: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['PolicyDenied', 'NotTrusted', 'RateLimited', 'QuotaExceeded', 'TooManySessions', 'IsolationUnavailable']);

/** undefined: the call failed for another reason. */
export function asDenial(fault: unknown): ProtocolError | undefined {
  return fault instanceof ProtocolError && kinds.has(fault.kind) ? fault : undefined;
}

/** What did not allow it, if the error says so. */
export function ruleOf({ data: { rule, quota } }: ProtocolError): string | undefined {
  return [rule, quota].find((each) => typeof each === 'string');
}

export class Denials {
  readonly #log: Recorder;
  readonly #visit: string;
  /** How often each was refused that has not been written yet. */
  readonly #waiting = new Map<string, number>();

  constructor(log: Recorder, visit: string) {
    this.#log = log;
    this.#visit = visit;
  }

  /** `call`: its number, if its beginning has been recorded. */
  record({ name: method }: Pick<Method, 'name'>, params: unknown, denial: ProtocolError, call: number | undefined): void {
    const { sessionId } = params as { sessionId?: string };
    const fields = { visit: this.#visit, call, method, sessionId, error: denial.kind, rule: ruleOf(denial) } satisfies Fields;
    const key = JSON.stringify(fields);
    const times = this.#waiting.get(key);
    this.#waiting.set(key, (times ?? 0) + 1);
    if (times !== undefined) return;
    this.#log.record({
      kind: 'denial', event: 'refused',
      fields: () => {
        const all = this.#waiting.get(key) ?? 1;
        this.#waiting.delete(key);
        return { ...fields, ...(all > 1 ? { times: all } : {}) };
      },
    });
  }
}
