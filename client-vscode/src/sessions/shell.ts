/** Opens a shell in a session, in a terminal of its own. */
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { Session } from 'codebeaker/protocol';
import type { Clock } from '../base/clock.ts';
import type { Code } from '../base/code.ts';
import type { Connection } from '../client/connection.ts';
import { Program } from '../run/program.ts';
import { Screen } from '../run/terminal/screen.ts';

export interface ShellParts {
  readonly code: Code;
  readonly clock: Clock;
  newId(): string;
  random(): number;
}

/** Prefers bash, which not every image has. */
const SHELL = 'command -v bash >/dev/null 2>&1 && exec bash -i; exec sh -i';

/** Resolves when the shell has ended. The terminal closes then, unless it shows why the shell could not be started. */
export async function openShell(connection: Connection, { sessionId, label }: Session, { code, clock, newId, random }: ShellParts): Promise<void> {
  const screen = new Screen(code);
  const cancel = new CancellationTokenSource();
  screen.onClose(() => cancel.cancel());
  const name = code.l10n.t('Shell: {0}', label ?? sessionId);
  code.window.createTerminal({ name, pty: screen.pty, iconPath: new code.ThemeIcon('terminal'), isTransient: true }).show();
  const program = new Program({ connection, screen, clock, random, commandId: newId(), stdin: undefined });
  try {
    await program.execute((streams, token) => connection.request('command/executeShell', { sessionId, command: SHELL, ...streams }, token), cancel.token);
    screen.end(0);
  } catch (fault) {
    screen.write(`\r\n\x1b[31m${(fault as Error).message}\x1b[39m\r\n`);
  }
}
