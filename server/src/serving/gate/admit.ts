/** A step of the gate: it refuses calls of a method that come more often than its rate allows, and says when to come again. */
import { TokenBucket } from 'limiter';
import type { Clock } from '../../base/clock.ts';
import type { Rate, Rates } from '../../policy/rates.ts';
import { ProtocolError } from '../../protocol/index.ts';
import { check, type Step } from './gate.ts';

const MINUTE_MS = 60_000;
/** A timer may fire a moment early, and a rate is a fraction. Who waits this much longer surely gets through. */
const MARGIN_MS = 1;

/** A method without a rate is not limited. Each connection has buckets of its own. Where a rate is replaced, what is left in its bucket stays. */
export function admit({ rates, clock }: { readonly rates: Rates; readonly clock: Clock }): Step {
  const buckets = new Map<string, Bucket>();
  const bucketOf = (name: string, rate: Rate): Bucket => {
    const known = buckets.get(name);
    if (known?.rate === rate) return known;
    const bucket = new Bucket(rate, clock, known?.content);
    buckets.set(name, bucket);
    return bucket;
  };
  return check(({ method: { name } }) => {
    const rate = rates[name];
    if (!rate) return;
    const bucket = bucketOf(name, rate);
    if (!bucket.tryRemoveTokens(1)) throw tooOften(name, bucket);
  });
}

/** A bucket of tokens that is full at the beginning, and whose time comes from a clock. */
class Bucket extends TokenBucket {
  readonly #clock: Clock;
  readonly rate: Rate;
  #at: number;

  constructor(rate: Rate, clock: Clock, content = Infinity) {
    const { perMinute, burst } = rate;
    super({ bucketSize: burst, tokensPerInterval: perMinute, interval: MINUTE_MS });
    this.rate = rate;
    this.#clock = clock;
    this.#at = clock.monotonic();
    this.content = Math.min(burst, content);
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
