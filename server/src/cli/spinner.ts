/** A line on the terminal that shows what is going on, if that takes noticeably long. */
import type { WriteStream } from 'node:tty';
import type { Clock } from '../base/clock.ts';

/** The line appears after this time. */
const QUIET_MS = 300;
const FRAME_MS = 80;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export class Spinner {
  readonly #terminal: Pick<WriteStream, 'write' | 'columns'> | undefined;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #text = '';
  #frame = 0;
  #shown = false;

  constructor(stream: Pick<WriteStream, 'write' | 'columns' | 'isTTY'>, clock: Clock) {
    this.#terminal = stream.isTTY ? stream : undefined;
    this.#clock = clock;
  }

  say(text: string): void {
    this.#text = text;
    if (this.#terminal && !this.#cancel) this.#cancel = this.#clock.after(QUIET_MS, () => this.#draw());
  }

  /** Removes the line from the screen. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#shown) this.#terminal?.write('\r\x1b[K');
    this.#shown = false;
  }

  #draw(): void {
    const line = `${frames[this.#frame++ % frames.length]} ${this.#text}`;
    this.#terminal?.write(`\r\x1b[K${line.slice(0, (this.#terminal.columns || 80) - 1)}`);
    this.#shown = true;
    this.#cancel = this.#clock.after(FRAME_MS, () => this.#draw());
  }
}
