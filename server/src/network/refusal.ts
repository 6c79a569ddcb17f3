/** Why a program does not reach what it asked for, in words, and how that is told in HTTP and in SOCKS. */
import { formatTarget, type Target } from './hosts.ts';

const kinds = {
  /** It is not allowed. */
  denied: { status: 403, socks: 2 },
  /** The program asked in a way that is no valid request. */
  malformed: { status: 400, socks: 1 },
  /** The name has no address. */
  unknown: { status: 502, socks: 4 },
  /** Nobody took the connection. */
  unreachable: { status: 502, socks: 5 },
  /** It took too long. */
  late: { status: 504, socks: 4 },
  /** A bound of the session is reached. */
  exhausted: { status: 503, socks: 1 },
} as const;

export class Refusal extends Error {
  /** The status code in HTTP. */
  readonly status: number;
  /** The reply field of SOCKS5 (RFC 1928, section 6). */
  readonly socks: number;

  /** `by`: who refused; `deny` is a person, or nobody who answered. */
  constructor(kind: keyof typeof kinds, message: string, readonly by: 'policy' | 'deny' = 'policy') {
    super(message);
    this.status = kinds[kind].status;
    this.socks = kinds[kind].socks;
  }
}

/** `why` is a sentence of its own, or empty. */
export function notAllowed(target: Target, why: string, by?: Refusal['by']): Refusal {
  return new Refusal('denied', `CodeBeaker does not allow this session to reach ${formatTarget(target)}${why && `: ${why}`}`, by);
}

/** Whatever failed, as a refusal. The text of a fault of ours stays here. */
export function asRefusal(fault: unknown): Refusal {
  return fault instanceof Refusal ? fault : new Refusal('unreachable', 'CodeBeaker could not make this connection');
}
