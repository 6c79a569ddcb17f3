/** The handlers of `usage/…`. */
import type { Policy } from '../../policy/policy.ts';
import { decodeContent } from '../../command/content.ts';
import { resolveEntry } from '../../command/paths.ts';
import { invalidParam } from '../../protocol/index.ts';
import { MAX_FILE_BYTES } from '../../runtime/ports.ts';
import type { Session } from '../../session/session.ts';
import type { Allowances } from '../../usage/allowances.ts';
import { nothing, sum } from '../../usage/amounts.ts';
import { estimate } from '../../usage/estimate.ts';
import type { Ledger } from '../../usage/ledger.ts';
import { usedOf } from '../../usage/prices.ts';
import type { OpenSessions } from '../../usage/open-sessions.ts';
import type { Runs } from '../../usage/runs.ts';
import { quotasOf } from '../session-quotas.ts';
import type { Handlers } from './handler.ts';

export interface UsageParts {
  readonly policy: Policy;
  /** @throws ProtocolError SessionNotFound, SessionClosed */
  sessionOf(id: string): Session;
  readonly ledger: Ledger;
  readonly allowances: Allowances;
  readonly runs: Runs;
  /** What counts the sessions that are open. undefined: there is no quota of them. */
  openSessions(): Promise<OpenSessions> | undefined;
}

export const usageHandlers = ({ policy, sessionOf, ledger, allowances, runs, openSessions }: UsageParts) => ({
  'usage/get': async ({ sessionId }) => {
    if (sessionId !== undefined) {
      const session = sessionOf(sessionId);
      return { ...usedOf(ledger.session(session.id) ?? nothing, policy.prices), quotas: quotasOf(session, allowances) };
    }
    const days = await ledger.days();
    const [since = ''] = days.keys();
    const all = [...days.values()].reduce(sum, nothing);
    const open = await (await openSessions())?.state(policy.quotas.sessions);
    return { ...usedOf(all, policy.prices), since, today: usedOf(ledger.today(), policy.prices), quotas: [...(open ? [open] : []), ...allowances.states()] };
  },
  'usage/estimate': async ({ language, runtime, code, path, sessionId }) => {
    if (code !== undefined && path !== undefined) throw invalidParam('code', 'give at most one of code and path');
    if (path !== undefined && sessionId === undefined) throw invalidParam('sessionId', 'give the session in which the path is');
    const session = sessionId === undefined ? undefined : sessionOf(sessionId);
    const file = session && path !== undefined ? await session.sandbox.files.read(resolveEntry(path), 0, MAX_FILE_BYTES) : undefined;
    const program = code === undefined ? file?.bytes : decodeContent(code, 'utf-8', 'code');
    return estimate({ language, program, runtime: runtime ?? session?.identity.runtime }, runs, policy.prices);
  },
}) satisfies Partial<Handlers>;
