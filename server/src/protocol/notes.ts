/**
 * The notes of all shapes. The notes of a shape are written in the same file as the shape; they are used for
 * PROTOCOL.md and openrpc.json and for nothing else, and the daemon does not import this file at the start.
 */
import { auditNotes } from './audit.ts';
import { channelsNotes } from './channels.ts';
import { commandsNotes } from './commands.ts';
import { configNotes } from './config.ts';
import { historyNotes } from './history.ts';
import { lifecycleNotes } from './lifecycle.ts';
import type { Notes, ShapeNotes } from './note.ts';
import { packagesNotes } from './packages.ts';
import { observationNotes } from './observation.ts';
import { portsNotes } from './ports.ts';
import { resumeNotes } from './resume.ts';
import { scanNotes } from './scan.ts';
import { secretsNotes } from './secrets.ts';
import { sessionsNotes } from './sessions.ts';
import { usageNotes } from './usage.ts';
import { valuesNotes } from './values.ts';

/** The notes of fields that mean the same in every shape. A note of the shape's own takes precedence. */
export const commonNotes: Notes = {
  sessionId: 'The id of the session, from the result of `session/create`.',
  path: 'A path relative to `/workspace`, or an absolute path under `/workspace` or `/tmp`.',
  commandId: 'The id of the command.',
  durationMs: 'The time from the start to the end, in milliseconds, measured by the daemon.',
};

export const notes: ShapeNotes = {
  ...lifecycleNotes(), ...channelsNotes(), ...valuesNotes(), ...sessionsNotes(), ...resumeNotes(), ...commandsNotes(), ...packagesNotes(), ...portsNotes(), ...scanNotes(), ...secretsNotes(), ...observationNotes(), ...auditNotes(), ...historyNotes(), ...usageNotes(), ...configNotes(),
};
