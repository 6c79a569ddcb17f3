/** Asks the person whether a program may reach a host. */
import type { CancellationToken } from 'vscode-jsonrpc/node';
import type { Code } from '../base/code.ts';
import type { Params, Result } from '../client/methods.ts';

type Question = 'network/requestAccess';

/** @param labelOf the name of a session, which is that of its file */
export async function askForAccess({ window, l10n }: Code, labelOf: (sessionId: string) => string | undefined, { sessionId, host, port }: Params<Question>, token: CancellationToken): Promise<Result<Question>> {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const [once, session, no] = [l10n.t('Allow Once'), l10n.t('Allow for This Run'), l10n.t('Don’t Allow')];
  const name = labelOf(sessionId);
  const message = name === undefined ? l10n.t('A program in a sandbox wants to reach {0}.', place) : l10n.t('{0} wants to reach {1} from its sandbox.', name, place);
  const pressed = await window.showWarningMessage(message, once, session, no);
  if (token.isCancellationRequested) {
    // The editor can't take a message back, so what was pressed too late is said to have no effect.
    if (pressed === once || pressed === session) void window.showInformationMessage(l10n.t('Nobody answered within 30 seconds, so {0} was not reached. Run the program again to be asked again.', place));
    return { allow: 'deny' };
  }
  return { allow: pressed === once ? 'once' : pressed === session ? 'session' : 'deny' };
}
