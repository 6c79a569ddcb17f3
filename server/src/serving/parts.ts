/** What serving a client is made from. */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Policy } from '../policy/policy.ts';
import type { InitializeParams } from '../protocol/index.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import type { Client, Handlers } from '../wire/service.ts';

export interface OpenParts {
  readonly policy: Policy;
  readonly catalog: Catalog;
  /** Host paths that are never shared with a sandbox. */
  hidden(): Promise<readonly string[]>;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** What serves the client after the answer. Asked for then, so that the answer need not wait for its code. */
  loadWork(): Promise<(parts: WorkParts) => Work>;
}

export interface WorkParts extends Omit<OpenParts, 'loadWork'> {
  readonly client: Client;
  /** The client's. */
  readonly policy: Policy;
  readonly initialize: InitializeParams;
  /** By the monotonic clock. */
  readonly startedAt: number;
}

export interface Work {
  readonly handlers: Handlers;
  /** Removes every sandbox. */
  close(): Promise<void>;
}
