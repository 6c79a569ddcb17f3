/** Whether and how the audit log is kept. Only the configuration file says so. */
import type { AuditConfig, Config } from '../protocol/index.ts';
import { isAudited } from './defaults.ts';

export interface AuditPolicy {
  readonly enabled: boolean;
  /** What becomes of calls while nothing can be recorded. */
  readonly onFailure: NonNullable<AuditConfig['onFailure']>;
  /** Where the heads lie: a folder, or a file that is there. undefined: beside the log. */
  readonly anchor: string | undefined;
  /** A segment that is larger is continued in another one. */
  readonly rotateBytes: number;
  readonly keepDays: number;
  /** The most that all segments together may take. */
  readonly maxBytes: number;
  /** Whether each batch of records is written through to the disk. */
  readonly fsync: boolean;
}

const MiB = 2 ** 20;

export function auditPolicy({ audit = {} }: Config): AuditPolicy {
  return {
    enabled: isAudited({ audit }),
    onFailure: audit.onFailure ?? 'continue',
    anchor: audit.anchor,
    rotateBytes: audit.rotateBytes ?? 16 * MiB,
    keepDays: audit.keepDays ?? 90,
    maxBytes: audit.maxBytes ?? 1024 * MiB,
    fsync: audit.fsync ?? false,
  };
}
