/** A step of the gate: it refuses calls of a method that come more often than its rate allows, and says when to come again. */
import { TokenBucket } from 'limiter';
import type { Clock } from '../../base/clock.ts';
import type { Rate, Rates } from '../../policy/rates.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { check, type Step } from './gate.ts';

const MINUTE_MS = 60_000;
/** A timer may fire a moment early, and a rate is a fraction. Who waits this much longer surely gets through. */
const MARGIN_MS = 1;

/** A method without a rate is not limited. Each connection has buckets of its own. */
export function admit({ rates, clock }: { readonly rates: Rates; readonly clock: Clock }): Step {
  const buckets = new Map(Object.entries(rates).map(([name, rate]) => [name, new Bucket(rate, clock)]));
  return check(({ method: { name } }) => {
    const bucket = buckets.get(name);
    if (bucket && !bucket.tryRemoveTokens(1)) throw tooOften(name, bucket);
  });
}

/** A bucket of tokens that is full at the beginning, and whose time comes from a clock. */
class Bucket extends TokenBucket {
  readonly #clock: Clock;
  #at: number;

  constructor({ perMinute, burst }: Rate, clock: Clock) {
    super({ bucketSize: burst, tokensPerInterval: perMinute, interval: MINUTE_MS });
    this.#clock = clock;
    this.#at = clock.monotonic();
    this.content = burst;
  }

  override drip(): boolean {
    const now = this.#clock.monotonic();
    const before = this.content;
    this.content = Math.min(this.bucketSize, before + ((now - this.#at) * this.tokensPerInterval) / this.interval);
    this.#at = now;
    return Math.floor(this.content) > Math.floor(before);
  }
}

function tooOften(name: string, bucket: Bucket): ProtocolError {
  const { tokensPerInterval: perMinute } = bucket;
  const retryAfterMs = Math.ceil(bucket.getWaitTime(1)) + MARGIN_MS;
  return new ProtocolError('RateLimited', `${name} was called more than ${perMinute} times a minute on this connection; try again in ${retryAfterMs} ms, or raise rates in the configuration file`, { method: name, perMinute, retryAfterMs });
}
