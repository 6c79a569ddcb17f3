/** What the Sessions view can be asked for. */
import type { Code } from '../base/code.ts';
import type { SessionStore } from '../sessions/store.ts';
import { openShell, type ShellParts } from '../sessions/shell.ts';
import type { Node } from '../sessions/tree.ts';
import type { Commands } from './commands.ts';

export interface SessionCommandParts extends ShellParts {
  readonly code: Code;
  readonly store: SessionStore;
}

export function sessionCommands(parts: SessionCommandParts): Commands {
  const { code, store } = parts;

  /** From the view's own menu, or picked. */
  const choose = async (target: unknown) => {
    const node = target as Node | undefined;
    if (node?.kind === 'session') return node.session;
    if (store.sessions.length < 2) return store.sessions[0];
    const items = store.sessions.map((session) => ({ label: session.label ?? session.sessionId, description: session.runtime, session }));
    return (await code.window.showQuickPick(items, { placeHolder: code.l10n.t('Which session?') }))?.session;
  };

  const withSession = (work: (sessionId: string, target: NonNullable<Awaited<ReturnType<typeof choose>>>) => Promise<unknown>) => async (target: unknown) => {
    const session = await choose(target);
    if (!session) return void (await code.window.showInformationMessage(code.l10n.t('There is no session. A run opens one.')));
    await work(session.sessionId, session);
  };

  return {
    'codebeaker.sessions.refresh': () => store.refresh(),
    'codebeaker.sessions.close': withSession(async (sessionId) => {
      // It may have closed by itself.
      await store.link?.request('session/close', { sessionId }).catch(() => undefined);
      store.refresh();
    }),
    'codebeaker.sessions.shell': withSession(async (_, session) => {
      if (store.link) await openShell(store.link, session, parts);
    }),
  };
}
