/**
 * Where a run is shown: in a terminal, or in Restricted Mode in an output channel. There the editor refuses every
 * terminal, even one without a process of this machine behind it.
 */
import type { Code, vscode } from '../../base/code.ts';
import type { Screen } from './screen.ts';

export interface Display {
  readonly terminal: vscode.Terminal | undefined;
  show(preserveFocus: boolean): void;
  /** Removes it from the editor, as if the person had closed it. */
  close(): void;
}

/** How much of one run an output channel shows. The editor keeps all of it in one document. */
const MAX_CHANNEL_CHARS = 1024 * 1024;

export function openDisplay(code: Code, name: string, screen: Screen): Display {
  return screen.plain ? openChannel(code, name, screen) : openTerminal(code, name, screen);
}

function openTerminal({ window, commands, ThemeIcon }: Code, name: string, screen: Screen): Display {
  const terminal = window.createTerminal({ name, pty: screen.pty, iconPath: new ThemeIcon('beaker'), isTransient: true });
  const show = (preserveFocus: boolean) => {
    terminal.show(preserveFocus);
    // A person who has scrolled up would not see the new run.
    void commands.executeCommand('workbench.action.terminal.scrollToBottom');
  };
  return { terminal, show, close: () => terminal.dispose() };
}

function openChannel({ window, l10n }: Code, name: string, screen: Screen): Display {
  const channel = window.createOutputChannel(l10n.t('{0} in a sandbox', name));
  const plainText = new PlainText();
  let charsLeft = MAX_CHANNEL_CHARS;
  screen.pty.onDidWrite((written) => {
    const text = written.replace(modeQuestion, (_, mode: string) => {
      // The answer comes in a later turn of the event loop, as a terminal's does.
      queueMicrotask(() => screen.pty.handleInput?.(`\x1b[?${mode};0$y`));
      return '';
    });
    const shown = plainText.convert(text);
    if (charsLeft > 0) channel.append(shown.length <= charsLeft ? shown : `${shown.slice(0, charsLeft)}\n${l10n.t('… more than can be shown here')}\n`);
    charsLeft -= shown.length;
  });
  screen.pty.open(undefined);
  return {
    terminal: undefined,
    show(preserveFocus) {
      charsLeft = MAX_CHANNEL_CHARS;
      channel.show(preserveFocus);
    },
    close() {
      screen.pty.close();
      channel.dispose();
    },
  };
}

/** The question that `OutputFlow` asks a terminal. */
const modeQuestion = /\x1b\[\?(\d{6,})\$p/g;

/** Removes what only a terminal understands. A line that a terminal would overwrite becomes a line before the new one. */
class PlainText {
  #inLine = false;
  #afterReturn = false;

  convert(text: string): string {
    let out = '';
    for (const part of text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>])/g, '').split(/([\r\n])/)) {
      if (part === '') continue;
      if (part === '\r') this.#afterReturn = true;
      else if (part === '\n') {
        out += '\n';
        this.#inLine = false;
        this.#afterReturn = false;
      } else {
        if (this.#afterReturn && this.#inLine) out += '\n';
        out += part;
        this.#inLine = true;
        this.#afterReturn = false;
      }
    }
    return out;
  }
}
