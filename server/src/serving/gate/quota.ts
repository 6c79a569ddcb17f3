/** A step of the gate: it counts commands and new sessions, and refuses them when a quota is used up. */
import type { SessionCreateParams } from '../../protocol/index.ts';
import type { Allowances } from '../../usage/allowances.ts';
import type { Call } from '../../wire/service.ts';
import { check, type Step } from './gate.ts';

export function quota(allowances: Pick<Allowances, 'takeCommand' | 'requireSession'>): Step {
  return check((call) => count(call, allowances));
}

/** @throws ProtocolError QuotaExceeded */
function count({ method: { subject, effect }, params }: Call, allowances: Pick<Allowances, 'takeCommand' | 'requireSession'>): void {
  if (effect === 'runs' && subject === 'session') allowances.takeCommand((params as { sessionId: string }).sessionId);
  else if (effect === 'makes' && subject === 'daemon') allowances.requireSession(((params as SessionCreateParams).network?.mode ?? 'none') !== 'none');
}
