/** Events that are about all threads of one process, where there are several processes: a client takes them for those of all. */
import type { DapEvent, Json } from '../dap.ts';

/** The event as one for each of these threads, if it is about all of them. */
export function ofThreads(event: DapEvent, threads: ReadonlySet<number>): DapEvent[] {
  const { event: name, body = {} } = event;
  if (name === 'continued' && body.allThreadsContinued !== false) return [{ ...event, body: { ...body, allThreadsContinued: false } }, ...resumed(threads, body.threadId)];
  if (name !== 'stopped' || body.allThreadsStopped !== true) return [event];
  const others = [...threads].filter((threadId) => threadId !== body.threadId);
  // The focus is for the one that has stopped the others.
  return [{ ...event, body: { ...body, allThreadsStopped: false } }, ...others.map((threadId) => toldOf('stopped', { reason: 'pause', threadId, preserveFocusHint: true, allThreadsStopped: false }))];
}

/** All of these threads go on but for one, of which that is told already. */
export function resumed(threads: ReadonlySet<number>, but: unknown): DapEvent[] {
  return [...threads].filter((threadId) => threadId !== but).map((threadId) => toldOf('continued', { threadId, allThreadsContinued: false }));
}

function toldOf(event: string, body: Json): DapEvent {
  return { seq: 0, type: 'event', event, body };
}
