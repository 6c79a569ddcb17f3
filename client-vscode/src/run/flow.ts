/**
 * Output on its way into the terminal, no faster than the terminal takes it.
 *
 * The editor's API does not say when a terminal has shown something. But a terminal answers questions in the order
 * of what it reads: after each piece it is asked for the state of a mode that does not exist, with a number that the
 * program can't guess, and the answer says that everything before has been taken. Only then is it acknowledged.
 */
import type { Clock } from '../base/clock.ts';
import { EscapeFilter } from './escapes.ts';

export interface FlowParts {
  write(text: string): void;
  /** Everything up to `seq` is in the terminal. */
  taken(seq: number): void;
  readonly clock: Clock;
  /** A whole number that nobody can guess, up to 2^31. */
  random(): number;
}

/** Characters that the terminal has been given and has not taken. */
export const WINDOW_CHARS = 256 * 1024;
/** After so many it is asked. */
export const ASK_CHARS = 64 * 1024;
/** A terminal that answers nothing, because it is not shown yet or can't, is believed to have taken it. */
const ANSWER_DEADLINE_MS = 2_000;

interface Piece {
  readonly seq: number;
  readonly text: string;
}

/** `chars`: of what came between the question before and this one. */
interface Question {
  readonly mode: number;
  readonly seq: number;
  readonly chars: number;
  readonly cancel: () => void;
}

export class Flow {
  readonly #parts: FlowParts;
  readonly #filter = new EscapeFilter();
  /** Bounded by the daemon's window: what is here has not been acknowledged. */
  #waiting: Piece[] = [];
  /** Without an answer yet, oldest first. */
  #questions: Question[] = [];
  #untaken = 0;
  #idle: (() => void)[] = [];
  #column0 = true;
  #closed = false;

  constructor(parts: FlowParts) {
    this.#parts = parts;
  }

  /** Whether the cursor is where a line starts, as far as the text tells. */
  get atLineStart(): boolean {
    return this.#column0;
  }

  take(seq: number, text: string): void {
    if (this.#closed) return;
    this.#waiting.push({ seq, text });
    this.#pump();
  }

  /** Text of ours, after everything that was taken so far has been given to the terminal. */
  async say(text: string): Promise<void> {
    await this.drained();
    if (!this.#closed) this.#write(text);
  }

  /** Text of ours, at once. */
  echo(text: string): void {
    if (!this.#closed) this.#write(text);
  }

  /** @returns what the person typed: `data` without the terminal's answers to our questions. */
  heard(data: string): string {
    if (this.#questions.length === 0 || !data.includes('\x1b[?')) return data;
    return data.replace(/\x1b\[\?(\d+);0\$y/g, (answer, mode) => {
      const question = this.#questions.find((other) => other.mode === Number(mode));
      if (question) this.#answered(question);
      return question ? '' : answer;
    });
  }

  /** Resolves when the terminal has taken everything, or is closed. */
  drained(): Promise<void> {
    if (this.#closed || (this.#waiting.length === 0 && this.#questions.length === 0)) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** The terminal is gone: nothing more is shown. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#questions) cancel();
    this.#questions = [];
    this.#waiting = [];
    this.#settle();
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#untaken < WINDOW_CHARS) {
      let chars = 0;
      let seq = 0;
      while (chars < ASK_CHARS && this.#waiting.length > 0) {
        const piece = this.#waiting.shift() as Piece;
        chars += piece.text.length;
        seq = piece.seq;
        this.#write(this.#filter.pass(piece.text));
      }
      this.#ask(seq, chars);
    }
  }

  #write(text: string): void {
    if (text === '') return;
    this.#column0 = text.endsWith('\n');
    this.#parts.write(text);
  }

  #ask(seq: number, chars: number): void {
    const { clock, random, write } = this.#parts;
    // Modes with small numbers exist.
    const mode = 100_000 + (random() % 2_000_000_000);
    const cancel = clock.after(ANSWER_DEADLINE_MS, () => this.#answered(question));
    const question: Question = { mode, seq, chars, cancel };
    this.#questions.push(question);
    this.#untaken += chars;
    write(`\x1b[?${mode}$p`);
  }

  /** The questions before it have been taken too, answered or not. */
  #answered(question: Question): void {
    const index = this.#questions.indexOf(question);
    if (index === -1) return;
    for (const { chars, cancel } of this.#questions.splice(0, index + 1)) {
      this.#untaken -= chars;
      cancel();
    }
    this.#parts.taken(question.seq);
    this.#pump();
    if (this.#questions.length === 0) this.#settle();
  }

  #settle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
