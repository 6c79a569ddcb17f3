/** Replaces what an automaton finds in one stream of bytes, however the stream is cut into chunks. */
import type { Automaton } from './automaton.ts';

/** What stands in place of a secret. */
export const MARK = Buffer.from('***');

/** Bytes that patterns cover, from `start` to before `end`. `told`: its mark has been given out already. */
interface Cover {
  start: number;
  readonly end: number;
  told: boolean;
}

const EMPTY = Buffer.alloc(0);

/** Invariant: it holds back the longest end of the stream that may still become a pattern, and nothing else. */
export class Redactor {
  readonly #automaton: Automaton;
  #state = 0;
  /** What is held back, and what of it is covered. */
  #held: Buffer = EMPTY;
  #covers: Cover[] = [];

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
  }

  /** What of the stream is settled now. It may be the chunk itself. */
  push(chunk: Buffer): Buffer {
    const text = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#scan(text, this.#held.length);
    const settled = text.length - (this.#automaton.depth[this.#state] as number);
    const out = this.#release(text, settled);
    // The caller may use the chunk again.
    this.#held = settled === text.length ? EMPTY : Buffer.from(text.subarray(settled));
    return out;
  }

  /** What was held back, when the stream has ended. */
  rest(): Buffer {
    const text = this.#held;
    this.#held = EMPTY;
    this.#state = 0;
    return this.#release(text, text.length);
  }

  #scan(text: Buffer, from: number): void {
    const automaton = this.#automaton;
    const { found } = automaton;
    let state = this.#state;
    for (let at = from; at < text.length; at++) {
      if (state === 0) {
        at = automaton.begin(text, at);
        if (at === text.length) break;
      }
      state = automaton.step(state, text[at] as number);
      const length = found[state] as number;
      if (length > 0) this.#cover(at + 1 - length, at + 1);
    }
    this.#state = state;
  }

  /** Patterns that overlap are covered together. */
  #cover(start: number, end: number): void {
    const cover: Cover = { start, end, told: false };
    for (let last = this.#covers.at(-1); last && last.end > cover.start; last = this.#covers.at(-1)) {
      cover.start = Math.min(cover.start, last.start);
      cover.told ||= last.told;
      this.#covers.pop();
    }
    this.#covers.push(cover);
  }

  /** Gives out the text up to `settled`. */
  #release(text: Buffer, settled: number): Buffer {
    if (this.#covers.length === 0) return settled === text.length ? text : text.subarray(0, settled);
    const pieces: Buffer[] = [];
    let from = 0;
    for (const { start, end, told } of this.#covers.filter((cover) => cover.start < settled)) {
      pieces.push(text.subarray(from, start));
      if (!told) pieces.push(MARK);
      from = end;
    }
    if (from < settled) pieces.push(text.subarray(from, settled));
    this.#covers = this.#covers.filter(({ end }) => end > settled).map(({ start, end, told }) => ({ start: Math.max(0, start - settled), end: end - settled, told: told || start < settled }));
    return Buffer.concat(pieces);
  }
}
