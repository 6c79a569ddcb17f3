/** Asks a person whether a program may reach a place: one question for each place at a time, few at once, and none again after a no. */
import { type Clock, deadline } from '../base/clock.ts';
import { abortable } from '../base/promises.ts';
import { formatTarget, type Target } from './hosts.ts';

/** `once`: for the connections that wait for this answer. `session`: for the rest of the session. */
export type Answer = 'once' | 'session' | 'deny';

export interface QuestionsParts {
  readonly clock: Clock;
  /** Sends the question. It may be answered late, or never, and may reject; each of these is a no. */
  send(target: Target, signal: AbortSignal): Promise<Answer>;
}

/** No answer in this time is a no. */
export const ANSWER_MS = 30_000;
/** So many questions may be open at once in a session. While they are, everything else is refused without a question. */
export const MAX_OPEN = 3;
/** After a question that nobody answered, the same is not asked again for so long. A no holds for the rest of the session. */
const UNANSWERED_MS = 60_000;
/** A session asks at most so many questions. */
export const MAX_QUESTIONS = 100;

export class Questions {
  readonly #parts: QuestionsParts;
  readonly #open = new Map<string, Promise<Answer>>();
  /** Each place that was refused, and until when that holds. It has at most `MAX_QUESTIONS` entries. */
  readonly #refused = new Map<string, number>();
  readonly #closing = new AbortController();
  #asked = 0;

  constructor(parts: QuestionsParts) {
    this.#parts = parts;
  }

  /** Never rejects but with the reason of `signal`. The question stays open where another connection waits for the same answer. */
  ask(target: Target, signal: AbortSignal): Promise<Answer> {
    const key = formatTarget(target);
    const open = this.#open.get(key);
    if (open) return abortable(signal, open);
    if (this.#closing.signal.aborted || this.#open.size >= MAX_OPEN || this.#asked >= MAX_QUESTIONS || (this.#refused.get(key) ?? 0) > this.#parts.clock.monotonic()) return Promise.resolve('deny');
    this.#asked++;
    const answer = this.#send(target, key).finally(() => this.#open.delete(key));
    this.#open.set(key, answer);
    return abortable(signal, answer);
  }

  /** Withdraws what is open. Everything is a no from now on. */
  close(): void {
    this.#closing.abort(new Error('the session is over'));
  }

  async #send(target: Target, key: string): Promise<Answer> {
    const { clock, send } = this.#parts;
    const withdraw = new AbortController();
    try {
      const answer = await deadline(clock, ANSWER_MS, abortable(this.#closing.signal, send(target, withdraw.signal)), () => new Error('nobody answered'));
      if (answer === 'deny') this.#refused.set(key, Infinity);
      return answer;
    } catch {
      withdraw.abort();
      this.#refused.set(key, clock.monotonic() + UNANSWERED_MS);
      return 'deny';
    }
  }
}
