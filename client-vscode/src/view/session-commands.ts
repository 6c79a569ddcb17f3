/** The commands of the Sessions view: refresh it, open a shell in a session, close a session. */
import type { Session } from 'codebeaker/protocol';
import type { Code } from '../base/code.ts';
import type { Made } from '../sessions/made.ts';
import type { SessionStore } from '../sessions/store.ts';
import { openShell, type ShellParts } from '../sessions/shell.ts';
import type { Node } from '../sessions/tree.ts';
import type { Commands } from './commands.ts';

export interface SessionCommandParts extends ShellParts {
  readonly code: Code;
  readonly store: SessionStore;
  readonly made: Made;
}

export function sessionCommands(parts: SessionCommandParts): Commands {
  const { code, store, made } = parts;

  /** The session that the menu of the view was opened for, or the one that the person picks. */
  const chooseSession = async (target: unknown): Promise<Session | undefined> => {
    const node = target as Node | undefined;
    if (node?.kind === 'session') return node.session;
    if (store.sessions.length < 2) return store.sessions[0];
    const items = store.sessions.map((session) => ({ label: session.label ?? session.sessionId, description: session.runtime, session }));
    return (await code.window.showQuickPick(items, { placeHolder: code.l10n.t('Which session?') }))?.session;
  };

  const withSession = (work: (session: Session) => Promise<unknown>) => async (target: unknown) => {
    const session = await chooseSession(target);
    if (!session) return void (await code.window.showInformationMessage(code.l10n.t('No session is open. Run a file to open one.')));
    await work(session);
  };

  return {
    'codebeaker.sessions.refresh': async () => {
      store.refresh();
      await made.lookAgain();
    },
    'codebeaker.sessions.close': withSession(async ({ sessionId }) => {
      // The session may have closed by itself.
      await store.connection?.request('session/close', { sessionId }).catch(() => undefined);
      store.refresh();
    }),
    'codebeaker.sessions.shell': withSession(async (session) => {
      if (store.connection) await openShell(store.connection, session, parts);
    }),
  };
}
