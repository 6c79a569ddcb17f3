/** Finds out from the engine's events how a container ended. The engine remembers its last few hundred events. */
import type { Readable } from 'node:stream';
import { lines } from './json-lines.ts';

/** If the kernel ran out of memory (`oom`) within so many nanoseconds before the end (`die`), that was the reason. The container survived an earlier one. */
const TOGETHER_NS = 2e9;

interface EngineEvent {
  readonly Action?: string;
  readonly timeNano?: number;
}

/** Whether the container ended because of memory. `events` are its `oom` and `die` events, oldest first. Destroys the stream. @throws Error where there is no `die` */
export async function diedOfMemory(events: Readable): Promise<boolean> {
  let killedAt = -Infinity;
  try {
    for await (const line of lines(events)) {
      const { Action, timeNano = 0 } = JSON.parse(line) as EngineEvent;
      if (Action === 'oom') killedAt = timeNano;
      if (Action === 'die') return timeNano - killedAt < TOGETHER_NS;
    }
  } finally {
    events.destroy();
  }
  throw new Error('the engine has no event that tells how the container ended');
}
