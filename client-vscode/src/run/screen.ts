/** The other side of a terminal of the editor, or of what stands in for one. */
import type { Code, vscode } from '../base/code.ts';
import { Listeners } from '../base/listeners.ts';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

const USUAL: Size = { cols: 80, rows: 24 };

export class Screen {
  readonly pty: vscode.Pseudoterminal;
  readonly #writes: vscode.EventEmitter<string>;
  readonly #ends: vscode.EventEmitter<number>;
  readonly #typed = new Listeners<string>();
  readonly #resized = new Listeners<Size>();
  readonly #closed = new Listeners<void>();
  /** Until the terminal is open, what is written waits. */
  #early: string | undefined = '';
  #size = USUAL;
  #isClosed = false;
  readonly opened: Promise<void>;

  /** @param plain it shows text and no more: nothing for programs that take it for a terminal */
  constructor(
    { EventEmitter }: Code,
    readonly plain = false,
  ) {
    const writes = new EventEmitter<string>();
    const ends = new EventEmitter<number>();
    this.#writes = writes;
    this.#ends = ends;
    let open: () => void = () => undefined;
    this.opened = new Promise((resolve) => {
      open = resolve;
    });
    this.pty = {
      onDidWrite: writes.event,
      onDidClose: ends.event,
      open: (size) => {
        if (size) this.#size = toSize(size);
        const early = this.#early;
        this.#early = undefined;
        if (early) writes.fire(early);
        open();
      },
      close: () => {
        this.#isClosed = true;
        open();
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
    if (this.#early === undefined) this.#writes.fire(text);
    else this.#early += text;
  }

  onType(listener: (data: string) => void): vscode.Disposable {
    return this.#typed.add(listener);
  }

  onResize(listener: (size: Size) => void): vscode.Disposable {
    return this.#resized.add(listener);
  }

  /** The person closed it. */
  onClose(listener: () => void): vscode.Disposable {
    return this.#closed.add(listener);
  }

  /** Tells the editor that what ran here has ended. A task ends with it; a terminal closes. */
  end(code: number): void {
    this.#ends.fire(code);
  }

  dispose(): void {
    this.#writes.dispose();
    this.#ends.dispose();
  }
}

function toSize({ columns, rows }: vscode.TerminalDimensions): Size {
  return { cols: Math.max(1, columns), rows: Math.max(1, rows) };
}
