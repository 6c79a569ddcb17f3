/** The terminals of the editor in which programs that are debugged read and write. That of a document takes the place of its last one. */
import type { Clock } from '../base/clock.ts';
import type { Code, vscode } from '../base/code.ts';
import type { Connection } from '../client/connection.ts';
import { Program } from '../run/program.ts';
import { resetTerminal, Screen } from '../run/terminal/screen.ts';
import type { Source } from '../run/source/source.ts';

export interface TerminalsParts {
  readonly code: Code;
  readonly clock: Clock;
  random(): number;
}

export interface DebugTerminal {
  readonly terminal: vscode.Terminal;
  /** Whether the person has closed it. */
  readonly isClosed: boolean;
  /** What connects it with the program. */
  readonly program: Program;
  /** Types a line for the program. */
  type(line: string): void;
  /** Who closes a terminal ends what runs there. */
  hangUp(): void;
  /** Shows a text of ours behind all that the program has printed. */
  tell(text: string): void;
  /** The program has ended. The terminal goes on to show what it has printed. */
  done(): void;
}

export class DebugTerminals {
  readonly #parts: TerminalsParts;
  /** Those of programs that have ended, by the documents. */
  readonly #ended = new Map<string, vscode.Terminal>();

  constructor(parts: TerminalsParts) {
    this.#parts = parts;
  }

  /** `commandId`: the id of the debugger. */
  open(connection: Connection, { name, uri }: Source, commandId: string): DebugTerminal {
    const { code, clock, random } = this.#parts;
    const key = uri.toString();
    this.#ended.get(key)?.dispose();
    this.#ended.delete(key);
    const screen = new Screen(code);
    const terminal = code.window.createTerminal({ name: code.l10n.t('Debug: {0}', name), pty: screen.pty, iconPath: new code.ThemeIcon('debug'), isTransient: true });
    const hangUp = () => void connection.request('command/signal', { commandId, signal: 'SIGHUP' }).catch(() => undefined);
    const closing = screen.onClose(hangUp);
    terminal.show(true);
    const program = new Program({ connection, screen, clock, random, commandId, stdin: undefined });
    let printed: () => void = () => undefined;
    const whole = new Promise<void>((resolve) => (printed = resolve));
    return {
      terminal,
      get isClosed() {
        return screen.isClosed;
      },
      type: (line) => screen.pty.handleInput?.(`${line}\r`),
      hangUp,
      program,
      tell: (text) => void whole.then(() => program.flow.writeAfterOutput(`${resetTerminal}${program.flow.atLineStart ? '' : '\r\n'}${text}`)),
      done: () => {
        closing.dispose();
        printed();
        if (!screen.isClosed) this.#ended.set(key, terminal);
      },
    };
  }
}
