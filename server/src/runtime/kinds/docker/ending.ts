/** How a container ended, told by the engine's events: it remembers the last few hundred. */
import type { Readable } from 'node:stream';
import { lines } from './json-lines.ts';

/** Who kills for want of memory is told a moment before the end that follows from it. An earlier one was survived. */
const TOGETHER_NS = 2e9;

interface EngineEvent {
  readonly Action?: string;
  readonly timeNano?: number;
}

/** Reads its `oom` and `die` events, in their order, up to the last. Destroys the stream in any case. */
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
  throw new Error('its events ended before it did');
}
