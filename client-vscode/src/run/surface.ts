/**
 * Where a run is seen: a terminal, or in Restricted Mode an output channel. The editor refuses every terminal there,
 * also one with no process of this machine behind it.
 */
import type { Code, vscode } from '../base/code.ts';
import type { Screen } from './screen.ts';

export interface Surface {
  readonly terminal: vscode.Terminal | undefined;
  show(preserveFocus: boolean): void;
}

/** What an output channel shows of one run. The editor keeps it all in one document. */
const MAX_CHANNEL_CHARS = 1024 * 1024;

export function openSurface(code: Code, name: string, screen: Screen): Surface {
  if (!screen.plain) {
    const terminal = code.window.createTerminal({ name, pty: screen.pty, iconPath: new code.ThemeIcon('beaker'), isTransient: true });
    const show = (preserveFocus: boolean) => {
      terminal.show(preserveFocus);
      // Whoever had scrolled up would not see the next run.
      void code.commands.executeCommand('workbench.action.terminal.scrollToBottom');
    };
    return { terminal, show };
  }
  const channel = code.window.createOutputChannel(code.l10n.t('{0} in a sandbox', name));
  const plain = new PlainText();
  let room = MAX_CHANNEL_CHARS;
  screen.pty.onDidWrite((written) => {
    const text = written.replace(question, (_, mode: string) => {
      // In a turn of its own, as a terminal would.
      queueMicrotask(() => screen.pty.handleInput?.(`\x1b[?${mode};0$y`));
      return '';
    });
    const shown = plain.pass(text);
    if (room > 0) channel.append(shown.length <= room ? shown : `${shown.slice(0, room)}\n${code.l10n.t('… more than can be shown here')}\n`);
    room -= shown.length;
  });
  screen.pty.open(undefined);
  return {
    terminal: undefined,
    show(preserveFocus) {
      room = MAX_CHANNEL_CHARS;
      channel.show(preserveFocus);
    },
  };
}

/** See `Flow`. */
const question = /\x1b\[\?(\d{6,})\$p/g;

/** Text without what only a terminal understands: a line that is written over becomes the next one. */
class PlainText {
  #inLine = false;
  #return = false;

  pass(text: string): string {
    let out = '';
    for (const part of text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_=>])/g, '').split(/([\r\n])/)) {
      if (part === '') continue;
      if (part === '\r') this.#return = true;
      else if (part === '\n') {
        out += '\n';
        this.#inLine = false;
        this.#return = false;
      } else {
        if (this.#return && this.#inLine) out += '\n';
        out += part;
        this.#inLine = true;
        this.#return = false;
      }
    }
    return out;
  }
}
