/** The audit log as the rest of the daemon sees it. */
import type { AuditPolicy } from '../policy/audit.ts';
import type { EventStream } from '../events/events.ts';
import type { Entry } from './entry.ts';
import { recordHappenings } from './happenings.ts';
import { AuditLog, type AuditLogParts } from './log.ts';
import type { Reason } from './trouble.ts';

export class Audit {
  readonly #log: AuditLog;
  readonly #policy: AuditPolicy;
  #calls = 0;
  #stopHearing: (() => void) | undefined;

  constructor(parts: AuditLogParts) {
    this.#log = new AuditLog(parts);
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

  /** Never throws. Calling the returned function withdraws the entry, as long as it has not been written. */
  record(entry: Entry): () => boolean {
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

  close(): void {
    this.#stopHearing?.();
    this.#log.close();
  }
}
