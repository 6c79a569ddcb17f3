/**
 * Passes output to the terminal no faster than the terminal takes it, and acknowledges to the daemon what was taken.
 *
 * The editor's API does not tell when a terminal has processed what was written. But a terminal answers questions in the
 * order in which it reads them. After each piece of output it is asked for the state of a mode (DECRQM) that does not
 * exist, with a number that the program cannot guess. The answer means that everything written before has been taken.
 */
import type { Clock } from '../../base/clock.ts';
import { EscapeFilter } from './escapes.ts';

export interface OutputFlowParts {
  write(text: string): void;
  /** The terminal has taken everything up to `seq`. */
  acknowledge(seq: number): void;
  readonly clock: Clock;
  /** A whole number below 2^31 that nobody can guess. */
  random(): number;
}

/** How many characters may be in the terminal without an answer. */
export const WINDOW_CHARS = 256 * 1024;
/** The terminal is asked after about this many characters. */
export const QUESTION_CHARS = 64 * 1024;
/** A terminal that does not answer in this time (it may be hidden, or unable to) is taken to have processed everything. */
const ANSWER_DEADLINE_MS = 2_000;

interface Piece {
  readonly seq: number;
  readonly text: string;
}

interface Question {
  readonly mode: number;
  readonly seq: number;
  /** How many characters were written since the question before. */
  readonly chars: number;
  readonly cancelDeadline: () => void;
}

export class OutputFlow {
  readonly #parts: OutputFlowParts;
  readonly #filter = new EscapeFilter();
  /** Not yet written. The daemon's window bounds it, because none of it has been acknowledged. */
  #queue: Piece[] = [];
  /** Not yet answered, the oldest first. */
  #questions: Question[] = [];
  #unansweredChars = 0;
  #onDrained: (() => void)[] = [];
  #atLineStart = true;
  #closed = false;

  constructor(parts: OutputFlowParts) {
    this.#parts = parts;
  }

  /** Whether the text so far leaves the cursor at the start of a line. */
  get atLineStart(): boolean {
    return this.#atLineStart;
  }

  /** Adds a piece of the program's output. */
  push(seq: number, text: string): void {
    if (this.#closed) return;
    this.#queue.push({ seq, text });
    this.#pump();
  }

  /** Writes text of the extension once the terminal has taken all output so far. */
  async writeAfterOutput(text: string): Promise<void> {
    await this.drained();
    if (!this.#closed) this.#write(text);
  }

  /** Writes text of the extension at once, before output that is still queued. */
  writeNow(text: string): void {
    if (!this.#closed) this.#write(text);
  }

  /** @returns what the person typed: `data` without the terminal's answers to the questions asked here */
  withoutAnswers(data: string): string {
    if (this.#questions.length === 0 || !data.includes('\x1b[?')) return data;
    return data.replace(/\x1b\[\?(\d+);0\$y/g, (answer, mode) => {
      const question = this.#questions.find((other) => other.mode === Number(mode));
      if (question) this.#answered(question);
      return question ? '' : answer;
    });
  }

  /** Resolves when the terminal has taken everything, or is closed. */
  drained(): Promise<void> {
    if (this.#closed || (this.#queue.length === 0 && this.#questions.length === 0)) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** Called when the terminal is closed: nothing more is written. */
  close(): void {
    this.#closed = true;
    for (const { cancelDeadline } of this.#questions) cancelDeadline();
    this.#questions = [];
    this.#queue = [];
    this.#resolveDrained();
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#unansweredChars < WINDOW_CHARS) {
      let chars = 0;
      let seq = 0;
      while (chars < QUESTION_CHARS && this.#queue.length > 0) {
        const piece = this.#queue.shift() as Piece;
        chars += piece.text.length;
        seq = piece.seq;
        this.#write(this.#filter.filter(piece.text));
      }
      this.#ask(seq, chars);
    }
  }

  #write(text: string): void {
    if (text === '') return;
    this.#atLineStart = text.endsWith('\n');
    this.#parts.write(text);
  }

  #ask(seq: number, chars: number): void {
    const { clock, random, write } = this.#parts;
    // All modes that exist have small numbers.
    const mode = 100_000 + (random() % 2_000_000_000);
    const cancelDeadline = clock.after(ANSWER_DEADLINE_MS, () => this.#answered(question));
    const question: Question = { mode, seq, chars, cancelDeadline };
    this.#questions.push(question);
    this.#unansweredChars += chars;
    write(`\x1b[?${mode}$p`);
  }

  /** An answer counts for all earlier questions too, because the terminal reads in order. */
  #answered(question: Question): void {
    const index = this.#questions.indexOf(question);
    if (index === -1) return;
    for (const { chars, cancelDeadline } of this.#questions.splice(0, index + 1)) {
      this.#unansweredChars -= chars;
      cancelDeadline();
    }
    this.#parts.acknowledge(question.seq);
    this.#pump();
    if (this.#questions.length === 0) this.#resolveDrained();
  }

  #resolveDrained(): void {
    const resolves = this.#onDrained;
    this.#onDrained = [];
    for (const resolve of resolves) resolve();
  }
}
