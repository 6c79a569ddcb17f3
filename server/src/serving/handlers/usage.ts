/** The handler of `usage/get`. */
import type { Policy } from '../../policy/policy.ts';
import type { SessionManager } from '../../session/manager.ts';
import type { Allowances } from '../../usage/allowances.ts';
import { nothing, sum } from '../../usage/amounts.ts';
import type { Ledger } from '../../usage/ledger.ts';
import { usedOf } from '../../usage/prices.ts';
import type { Handlers } from './handler.ts';

export interface UsageParts {
  readonly policy: Policy;
  readonly sessions: Pick<SessionManager, 'get'>;
  readonly ledger: Ledger;
  readonly allowances: Allowances;
}

export const usageHandlers = ({ policy: { prices }, sessions, ledger, allowances }: UsageParts) => ({
  'usage/get': async ({ sessionId }) => {
    if (sessionId !== undefined) {
      const { id } = sessions.get(sessionId);
      return { ...usedOf(ledger.session(id) ?? nothing, prices), quotas: allowances.states(id) };
    }
    const days = await ledger.days();
    const [since = ''] = days.keys();
    const all = [...days.values()].reduce(sum, nothing);
    return { ...usedOf(all, prices), since, today: usedOf(ledger.today(), prices), quotas: allowances.states() };
  },
}) satisfies Partial<Handlers>;
