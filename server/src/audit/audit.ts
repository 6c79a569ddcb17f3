/** The audit log as the rest of the daemon sees it. */
import { Sequence } from '../base/promises.ts';
import type { EventStream } from '../events/events.ts';
import type { AuditPolicy } from '../policy/audit.ts';
import type { Entry } from './entry.ts';
import { recordHappenings } from './happenings.ts';
import { type Removal, retain } from './retention.ts';
import { AuditLog, type AuditLogParts, type Waiting } from './log.ts';
import type { Reason } from './trouble.ts';

export class Audit {
  readonly #log: AuditLog;
  readonly #policy: AuditPolicy;
  /** One removal at a time. */
  readonly #removing = new Sequence();
  #isClosing = false;
  #calls = 0;
  #stopHearing: (() => void) | undefined;

  constructor(parts: Omit<AuditLogParts, 'begun'>) {
    this.#log = new AuditLog({ ...parts, begun: () => void this.#removing.run(() => this.#retain(parts)).catch((fault: unknown) => parts.log.warn('old files of the audit log could not be removed', fault)) });
    this.#policy = parts.policy;
  }

  /** From now on what happens is recorded, until the log is closed. */
  hear(events: EventStream): void {
    this.#stopHearing ??= recordHappenings(this, events);
  }

  /** Whether nothing may begin that can't be recorded. */
  get refuses(): boolean {
    return this.#policy.onFailure === 'refuse';
  }

  /** The number of a call, by which its records name it. */
  nextCall(): number {
    return ++this.#calls;
  }

  /** Never throws. */
  record(entry: Entry): Waiting {
    return this.#log.append(entry);
  }

  /** Writes what waits. Returns why it can't be written, or undefined. */
  flush(): Reason | undefined {
    return this.#log.flush() ? undefined : this.#log.trouble.now;
  }

  /** `tell` is called when the log can't be written. Calling the returned function ends that. */
  onTrouble(tell: (reason: Reason) => void): () => void {
    return this.#log.trouble.watch(tell);
  }

  /** Writes what waits, and the last record. Never rejects. */
  async close(): Promise<void> {
    this.#stopHearing?.();
    this.#isClosing = true;
    await this.#removing.run(() => this.#log.close());
  }

  #retain({ places, policy, clock }: Omit<AuditLogParts, 'begun'>): Promise<void> {
    const tell = ({ segments, ...removal }: Removal): boolean => {
      if (this.#isClosing) return false;
      this.record({ kind: 'log', event: 'removed', fields: { ...removal, segments: segments.map((head) => ({ ...head })) } });
      return this.flush() === undefined;
    };
    return retain({ places, policy, now: clock.now(), tell });
  }
}
