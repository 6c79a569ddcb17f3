/**
 * What the fields of all shapes mean. The notes of a shape stand beside it; PROTOCOL.md and openrpc.json show them.
 * Nothing else reads them, and the daemon starts without them.
 */
import { commandsNotes } from './commands.ts';
import { configNotes } from './config.ts';
import { lifecycleNotes } from './lifecycle.ts';
import type { Notes, ShapeNotes } from './note.ts';
import { observationNotes } from './observation.ts';
import { sessionsNotes } from './sessions.ts';
import { valuesNotes } from './values.ts';

/** For a field of this name in any shape that has no note of its own. */
export const commonNotes: Notes = {
  sessionId: 'The id that `session/create` gave.',
  path: 'Relative to `/workspace`, or absolute under `/workspace` or `/tmp`.',
  commandId: 'The id under which the command runs.',
  durationMs: 'From start to end, on the daemon’s clock.',
};

export const notes: ShapeNotes = {
  ...lifecycleNotes, ...valuesNotes, ...sessionsNotes, ...commandsNotes, ...observationNotes, ...configNotes,
};
