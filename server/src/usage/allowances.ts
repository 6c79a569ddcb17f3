/** What the sessions of one connection may still use: the quotas of its policy, compared with what the ledger has counted. */
import { type Bounds, type Quotas, quotaNames } from '../policy/quotas.ts';
import { ProtocolError, type QuotaName, type QuotaState } from '../protocol/index.ts';
import type { Ledger } from './ledger.ts';

/** The quota of sessions that are open at once. */
export const SESSIONS = 'sessions';

/** What can be cut while it runs, byte by byte. */
export type Flowing = 'outputBytes' | 'networkBytes';

export class Allowances {
  readonly #quotas: Quotas;
  readonly #ledger: Ledger;
  /** The bounds that were looked at last, and whether there is any among them. */
  #known: Partial<Quotas> = {};
  #any = false;

  /** `quotas`: as they hold at each moment. */
  constructor(quotas: Quotas, ledger: Ledger) {
    this.#quotas = quotas;
    this.#ledger = ledger;
  }

  /** Whether there is any quota. */
  get #hasQuotas(): boolean {
    const { perDay, perSession } = this.#quotas;
    if (this.#known.perDay === perDay && this.#known.perSession === perSession) return this.#any;
    this.#known = { perDay, perSession };
    this.#any = [perDay, perSession].some((bounds: Bounds) => quotaNames.some((name) => bounds[name] < Infinity));
    return this.#any;
  }

  /**
   * Takes on a command of a session. A session that is not open has no account, and whoever serves the command says so.
   * @throws ProtocolError QuotaExceeded where anything is used up that every command needs
   */
  takeCommand(sessionId: string): void {
    if (this.#hasQuotas) this.#require(['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes'], sessionId);
    if (this.#ledger.identity(sessionId)) this.#ledger.add(sessionId, { commands: 1 });
  }

  /** @throws ProtocolError QuotaExceeded where a new session could do nothing before the next day, or could not reach what it asks for */
  requireSession(hasNetwork: boolean): void {
    this.#require(['commands', 'cpuSeconds', 'gibSeconds', 'outputBytes', ...(hasNetwork ? ['networkBytes' as const] : [])]);
  }

  /** Counts what flows, and returns how much of `bytes` may. */
  flow(name: Flowing, sessionId: string, bytes: number): number {
    const allowed = Math.min(bytes, this.rest(name, sessionId));
    if (allowed > 0) this.#ledger.add(sessionId, { [name]: allowed });
    return allowed;
  }

  /** Counts processor time that the end of no command tells. */
  countCpu(sessionId: string, ms: number): void {
    this.#ledger.add(sessionId, { cpuSeconds: ms / 1000 });
  }

  /** How much is left. Infinity: there is no such quota. */
  rest(name: QuotaName, sessionId: string): number {
    return this.#hasQuotas ? Math.min(Infinity, ...this.states(sessionId, [name]).map(left)) : Infinity;
  }

  /** The quota of which least is left. */
  least(name: QuotaName, sessionId: string): QuotaState | undefined {
    return this.states(sessionId, [name]).sort((one, other) => left(one) - left(other))[0];
  }

  /** The first of these quotas that is used up. */
  spent(sessionId: string | undefined, names: readonly QuotaName[]): QuotaState | undefined {
    return this.states(sessionId, names).find(({ limit, used }) => used >= limit);
  }

  /** The quotas that hold, of the day and of a session. */
  states(sessionId?: string, names: readonly QuotaName[] = quotaNames): QuotaState[] {
    if (!this.#hasQuotas) return [];
    const { perDay, perSession } = this.#quotas;
    const daily = names.filter((name) => perDay[name] < Infinity);
    const today = daily.length > 0 ? this.#ledger.today() : undefined;
    const session = sessionId === undefined ? undefined : this.#ledger.session(sessionId);
    return [
      ...(today ? daily.map((name) => ({ quota: `perDay.${name}`, limit: perDay[name], used: today[name], resetsAt: new Date(this.#ledger.midnight).toISOString() })) : []),
      ...(session ? names.filter((name) => perSession[name] < Infinity).map((name) => ({ quota: `perSession.${name}`, limit: perSession[name], used: session[name] })) : []),
    ];
  }

  #require(names: readonly QuotaName[], sessionId?: string): void {
    const state = this.spent(sessionId, names);
    if (state) throw exceeded(state);
  }
}

function left({ limit, used }: QuotaState): number {
  return Math.max(0, limit - used);
}

export function exceeded(state: QuotaState): ProtocolError {
  return new ProtocolError('QuotaExceeded', usedUp(state), { ...state });
}

/** Says what a person can do: a quota of the day comes back, that of a session does not, and sessions can be closed. */
export function usedUp({ quota, limit, used, resetsAt }: QuotaState): string {
  const anew = quota === SESSIONS ? 'close a session, also of another editor or command line' : 'create a new session';
  const otherwise = resetsAt === undefined ? anew : `wait until ${resetsAt}, which is midnight here`;
  return `the quota ${quota} is used up (${used} of ${limit}): ${otherwise}, or raise quotas.${quota} in the configuration file`;
}
