/**
 * A terminal's line discipline, for programs that have pipes instead of a terminal: it echoes what is typed, lets the line
 * be edited, and understands Ctrl-C and Ctrl-D. The program gets whole lines.
 */
export interface LineDisciplineParts {
  /** Shows text in the terminal. */
  echo(text: string): void;
  /** Sends input to the program. */
  send(text: string): void;
  /** Ends the program's input. */
  end(): void;
  signal(name: 'SIGINT' | 'SIGQUIT'): void;
}

/** How long a line can get. Without a bound, a paste without line ends would fill the memory. */
const MAX_LINE = 64 * 1024;

/** The sequences of arrows and other keys, and the marks of a bracketed paste. They do nothing here. */
const keySequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?/g;

export class LineDiscipline {
  readonly #parts: LineDisciplineParts;
  #line: string[] = [];

  constructor(parts: LineDisciplineParts) {
    this.#parts = parts;
  }

  /** Takes what was typed or pasted. */
  type(data: string): void {
    for (const char of graphemes(data.replace(keySequences, ''))) this.#key(char);
  }

  #key(char: string): void {
    const { echo, send, end, signal } = this.#parts;
    switch (char) {
      case '\r':
      case '\n':
      case '\r\n':
        echo('\r\n');
        send(`${this.#takeLine()}\n`);
        return;
      case '\x7f':
      case '\b':
        return this.#erase(1);
      case '\x15':
        return this.#erase(this.#line.length);
      case '\x17':
        return this.#erase(this.#lastWordLength());
      case '\x03':
        this.#takeLine();
        echo('^C\r\n');
        return signal('SIGINT');
      case '\x1c':
        this.#takeLine();
        echo('^\\\r\n');
        return signal('SIGQUIT');
      case '\x04':
        return this.#line.length === 0 ? end() : send(this.#takeLine());
      default:
        if (this.#line.length >= MAX_LINE || (char < ' ' && char !== '\t')) return;
        this.#line.push(char);
        echo(char);
    }
  }

  #takeLine(): string {
    const line = this.#line.join('');
    this.#line = [];
    return line;
  }

  #erase(count: number): void {
    const erased = this.#line.splice(this.#line.length - Math.min(count, this.#line.length));
    const cells = erased.reduce((sum, char) => sum + width(char), 0);
    if (cells > 0) this.#parts.echo(`${'\b'.repeat(cells)}\x1b[K`);
  }

  /** Blanks at the end belong to the word before them. */
  #lastWordLength(): number {
    return /\S*\s*$/.exec(this.#line.map((char) => (/\s/.test(char) ? ' ' : 'x')).join(''))?.[0].length ?? 0;
  }
}

/** Works in pieces, because a segment keeps the whole text that it came from in memory. */
function graphemes(text: string): string[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const pieces = text.match(/\r\n|[^\r]{1,64}|\r/gu) ?? [];
  return pieces.flatMap((piece) => [...segmenter.segment(piece)].map(({ segment }) => segment));
}

/** How many cells of the terminal the character takes, precisely enough to erase it. */
function width(char: string): number {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(char) ? 2 : 1;
}
