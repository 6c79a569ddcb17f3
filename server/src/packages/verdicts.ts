/** What is known of the weaknesses of environments that come from the cache: as it was kept with them, or newer. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { abortable } from '../base/promises.ts';
import type { Advise, Advisory, Installed } from './ports.ts';
import type { EnvironmentRecord } from './shelf/records.ts';
import type { Shelf } from './shelf/shelf.ts';

export interface VerdictsParts {
  readonly shelf: Pick<Shelf, 'note'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly advise: Advise | undefined;
  /** Aborts when the daemon closes. */
  readonly closing: AbortSignal;
}

/** What is known counts for so long. */
const KNOWN_MS = 3_600_000;
/** A session waits so long for something newer, and after that what is kept counts. */
const WAIT_MS = 5_000;
/** Where nobody has answered, nobody is asked for so long. */
const SILENT_MS = 600_000;

export class Verdicts {
  readonly #parts: VerdictsParts;
  /** By the names of environments. Sessions that begin together ask once. */
  readonly #asking = new Map<string, Promise<readonly Advisory[] | undefined>>();
  #silentUntil = -Infinity;

  constructor(parts: VerdictsParts) {
    this.#parts = parts;
  }

  /** What is known now; it is asked for where what is kept is old. undefined: nothing. @throws the reason of `signal` */
  async of(record: EnvironmentRecord, signal: AbortSignal): Promise<readonly Advisory[] | undefined> {
    const { clock, advise } = this.#parts;
    const { audit } = record;
    if (!advise || (audit && clock.now() - audit.at < KNOWN_MS) || clock.monotonic() < this.#silentUntil) return audit?.advisories;
    const asking = this.#asking.get(record.name) ?? this.#ask(record, advise).finally(() => this.#asking.delete(record.name));
    this.#asking.set(record.name, asking);
    return (await abortable(signal, asking)) ?? audit?.advisories;
  }

  async #ask(record: EnvironmentRecord, advise: Advise): Promise<readonly Advisory[] | undefined> {
    const { shelf, clock, log, closing } = this.#parts;
    const late = new AbortController();
    const cancel = clock.after(WAIT_MS, () => late.abort(new Error(`nobody told of known weaknesses within ${WAIT_MS / 1000} s`)));
    try {
      const advisories = await advise(record.manager, record.installed, AbortSignal.any([closing, late.signal]));
      if (!advisories) throw new Error('nobody told of known weaknesses');
      await shelf.note(record, { at: clock.now(), advisories: [...advisories] });
      return advisories;
    } catch (fault) {
      log.debug('what comes from the cache is judged by what was known before', fault);
      this.#silentUntil = clock.monotonic() + SILENT_MS;
      return undefined;
    } finally {
      cancel();
    }
  }
}

/** What is known of those packages that are there in the same version as before. undefined: nothing. */
export function stillKnown({ installed: before, audit }: EnvironmentRecord, installed: readonly Installed[]): readonly Advisory[] | undefined {
  const isThere = ({ name, version }: Installed) => installed.some((each) => each.name === name && each.version === version);
  const same = before.filter(isThere);
  const known = (audit?.advisories ?? []).filter((advisory) => same.some(({ name, version }) => name === advisory.package && (advisory.version ?? version) === version));
  return known.length > 0 ? known : undefined;
}
