/** Counts the sessions that are open in all daemons which share a state folder. */
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import * as locks from '../runtime/machine/lock.ts';
import { OpenSessions } from '../usage/open-sessions.ts';

export function countOpenSessions(stateFolder: string, clock: Clock, log: Log): OpenSessions {
  return new OpenSessions({ folder: join(stateFolder, 'open'), locks, clock, log });
}
