/**
 * What a terminal driver does, for programs that have pipes instead of a terminal: echo, editing of the line,
 * Ctrl-C and Ctrl-D. The program gets whole lines.
 */
export interface DisciplineParts {
  /** Shows text in the terminal. */
  echo(text: string): void;
  /** Gives input to the program. */
  send(text: string): void;
  /** The end of input. */
  end(): void;
  signal(name: 'SIGINT' | 'SIGQUIT'): void;
}

/** A program that reads nothing does not get more than this of one line. */
const MAX_LINE = 64 * 1024;

/** Control sequences of keys such as the arrows: there is nothing to move in. */
const keys = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?/g;

export class Discipline {
  readonly #parts: DisciplineParts;
  #line: string[] = [];

  constructor(parts: DisciplineParts) {
    this.#parts = parts;
  }

  /** What was typed or pasted. */
  type(data: string): void {
    for (const char of graphemes(data.replace(keys, ''))) this.#key(char);
  }

  #key(char: string): void {
    const { echo, send, end, signal } = this.#parts;
    switch (char) {
      case '\r':
      case '\n':
      case '\r\n':
        echo('\r\n');
        send(`${this.#take()}\n`);
        return;
      case '\x7f':
      case '\b':
        return this.#erase(1);
      case '\x15':
        return this.#erase(this.#line.length);
      case '\x17':
        return this.#erase(this.#lastWord());
      case '\x03':
        this.#take();
        echo('^C\r\n');
        return signal('SIGINT');
      case '\x1c':
        this.#take();
        echo('^\\\r\n');
        return signal('SIGQUIT');
      case '\x04':
        return this.#line.length === 0 ? end() : send(this.#take());
      default:
        if (this.#line.length >= MAX_LINE || (char < ' ' && char !== '\t')) return;
        this.#line.push(char);
        echo(char);
    }
  }

  #take(): string {
    const line = this.#line.join('');
    this.#line = [];
    return line;
  }

  #erase(count: number): void {
    const erased = this.#line.splice(this.#line.length - Math.min(count, this.#line.length));
    const cells = erased.reduce((sum, char) => sum + width(char), 0);
    if (cells > 0) this.#parts.echo(`${'\b'.repeat(cells)}${' '.repeat(cells)}${'\b'.repeat(cells)}`);
  }

  /** Blanks at the end count to the word before them. */
  #lastWord(): number {
    return /\S*\s*$/.exec(this.#line.map((char) => (/\s/.test(char) ? ' ' : 'x')).join(''))?.[0].length ?? 0;
  }
}

/** In pieces: a segmenter keeps the whole text for each of its parts. */
function graphemes(text: string): string[] {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  const pieces = text.match(/\r\n|[^\r]{1,64}|\r/gu) ?? [];
  return pieces.flatMap((piece) => [...segmenter.segment(piece)].map(({ segment }) => segment));
}

/** How many cells a terminal gives it, near enough to erase it. */
function width(char: string): number {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(char) ? 2 : 1;
}
