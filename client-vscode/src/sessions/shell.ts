/** A shell in a session, in a terminal. */
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import type { Code } from '../base/code.ts';
import type { Link } from '../client/link.ts';
import { Program } from '../run/program.ts';
import { Screen } from '../run/screen.ts';

export interface ShellParts {
  readonly code: Code;
  readonly clock: Clock;
  newId(): string;
  random(): number;
}

/** bash where there is one. */
const LINE = 'command -v bash >/dev/null 2>&1 && exec bash -i; exec sh -i';

/** Resolves when the shell has ended. The terminal goes with it, unless it could not be started. */
export async function openShell(link: Link, { sessionId, label }: Session, { code, clock, newId, random }: ShellParts): Promise<void> {
  const screen = new Screen(code);
  const cancel = new CancellationTokenSource();
  screen.onClose(() => cancel.cancel());
  const name = code.l10n.t('Shell: {0}', label ?? sessionId);
  code.window.createTerminal({ name, pty: screen.pty, iconPath: new code.ThemeIcon('terminal'), isTransient: true }).show();
  const program = new Program({ link, screen, clock, random, commandId: newId(), stdin: undefined });
  try {
    await program.run((streams, token) => link.request('command/executeShell', { sessionId, command: LINE, ...streams }, token), cancel.token);
    screen.end(0);
  } catch (fault) {
    screen.write(`\r\n\x1b[31m${(fault as Error).message}\x1b[39m\r\n`);
  }
}
