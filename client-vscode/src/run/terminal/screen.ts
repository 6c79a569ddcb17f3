/** Our end of a terminal of the editor: what is written here is shown, and what is typed there is told here. */
import type { Code, vscode } from '../../base/code.ts';
import { Listeners } from '../../base/listeners.ts';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

const DEFAULT_SIZE: Size = { cols: 80, rows: 24 };

/** Clears what is shown and what was scrolled out, and moves the cursor to the top. */
const CLEAR_ALL = '\x1b[2J\x1b[3J\x1b[H';

/** Undoes what the program may have left on: colours, the alternate screen, a hidden cursor, mouse reports, bracketed paste, keypad modes. */
export const resetTerminal = '\x1b[0m\x1b[?1047l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?2004l\x1b[?1l\x1b>';

export class Screen {
  /** What the editor is given. */
  readonly pty: vscode.Pseudoterminal;
  readonly #writes: vscode.EventEmitter<string>;
  readonly #ends: vscode.EventEmitter<number>;
  readonly #names: vscode.EventEmitter<string>;
  readonly #typed = new Listeners<string>();
  readonly #resized = new Listeners<Size>();
  readonly #closed = new Listeners<void>();
  /** What was written before the terminal is open; undefined from then on. */
  #beforeOpen: string | undefined = '';
  #size = DEFAULT_SIZE;
  #isClosed = false;
  readonly opened: Promise<void>;

  /** @param plain whether it only shows text, so that programs must not take it for a terminal */
  constructor(
    { EventEmitter }: Code,
    readonly plain = false,
  ) {
    const writes = new EventEmitter<string>();
    const ends = new EventEmitter<number>();
    const names = new EventEmitter<string>();
    this.#writes = writes;
    this.#ends = ends;
    this.#names = names;
    let resolveOpened: () => void = () => undefined;
    this.opened = new Promise((resolve) => {
      resolveOpened = resolve;
    });
    this.pty = {
      onDidWrite: writes.event,
      onDidClose: ends.event,
      onDidChangeName: names.event,
      open: (size) => {
        if (size) this.#size = toSize(size);
        const written = this.#beforeOpen;
        this.#beforeOpen = undefined;
        if (written) writes.fire(written);
        resolveOpened();
      },
      close: () => {
        this.#isClosed = true;
        resolveOpened();
        this.#closed.tell();
      },
      handleInput: (data) => this.#typed.tell(data),
      setDimensions: (size) => {
        this.#size = toSize(size);
        this.#resized.tell(this.#size);
      },
    };
  }

  get size(): Size {
    return this.#size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  write(text: string): void {
    if (this.#beforeOpen === undefined) this.#writes.fire(text);
    else this.#beforeOpen += text;
  }

  onType(listener: (data: string) => void): vscode.Disposable {
    return this.#typed.add(listener);
  }

  onResize(listener: (size: Size) => void): vscode.Disposable {
    return this.#resized.add(listener);
  }

  /** Told when the person closes the terminal. */
  onClose(listener: () => void): vscode.Disposable {
    return this.#closed.add(listener);
  }

  /** Tells the editor that the program has ended. A task ends with this exit code; a terminal closes. */
  end(exitCode: number): void {
    this.#ends.fire(exitCode);
  }

  /** Empties the terminal and gives it another name. */
  startAnew(name: string): void {
    this.write(CLEAR_ALL);
    this.#names.fire(name);
  }

  dispose(): void {
    this.#writes.dispose();
    this.#ends.dispose();
    this.#names.dispose();
  }
}

function toSize({ columns, rows }: vscode.TerminalDimensions): Size {
  return { cols: Math.max(1, columns), rows: Math.max(1, rows) };
}
