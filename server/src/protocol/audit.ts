/** The shape of the configuration of the audit log. */
import * as z from 'zod/mini';
import { later } from './later.ts';
import type { ShapeNotes } from './note.ts';
import { absolutePath, positive } from './values.ts';

/** With less, a segment would hold little more than what it begins with. */
const LEAST_ROTATE_BYTES = 64 * 1024;

export const AuditConfig = later(() => z.strictObject({
  enabled: z.optional(z.boolean()),
  onFailure: z.optional(z.enum(['continue', 'refuse'])),
  anchor: z.optional(absolutePath()),
  rotateBytes: z.optional(z.int().check(z.gte(LEAST_ROTATE_BYTES))),
  keepDays: z.optional(positive()),
  maxBytes: z.optional(positive()),
  fsync: z.optional(z.boolean()),
}));
export type AuditConfig = z.infer<typeof AuditConfig>;

/** The notes of this shape (see notes.ts). */
export const auditNotes = (): ShapeNotes => ({
  AuditConfig: {
    '': 'The audit log: a record of what was run, written and reached, in `audit` of `stateDir`. Only the configuration file may have it.',
    enabled: 'Whether it is kept. Default: true.',
    onFailure: 'What happens while nothing can be recorded, because the disk is full or can’t be written: `continue` (work goes on, and the person is told), or `refuse` (whatever would be recorded is refused with 1032, except for what ends something). With `refuse` each call is recorded before it begins. Default: `continue`.',
    anchor: 'Where the heads of the log are written, by which `codebeaker audit verify` finds what was removed: the absolute path of a folder, or of a file that is there already, such as one that can only be appended to. Default: `audit-heads` in `stateDir`.',
    rotateBytes: 'A file of the log that is larger is continued in another one. At least 65 536. Default: 16 MiB.',
    keepDays: 'Days that are older are removed. Default: 90.',
    maxBytes: 'The most that the log may take; the oldest files are removed. Default: 1 GiB.',
    fsync: 'Whether records are written through to the disk at once, so that they outlive a power failure. Default: false.',
  },
});
