/** The quotas that hold for a session, as clients are told. */
import type { QuotaState } from '../protocol/index.ts';
import type { Session } from '../session/session.ts';
import type { Allowances } from '../usage/allowances.ts';

export function quotasOf({ id, sandbox }: Pick<Session, 'id' | 'sandbox'>, allowances: Allowances): QuotaState[] {
  const states = allowances.states(id);
  return sandbox.can.cpuTime ? states : states.map((state) => (state.quota.endsWith('.cpuSeconds') ? { ...state, betweenCommands: true } : state));
}
