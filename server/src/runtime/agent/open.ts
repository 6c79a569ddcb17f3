/** Opens a sandbox: a runtime starts an agent and hands over what carries its frames; the result knows what is in force inside. */
import { type Clock, deadline } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { abortable } from '../../base/promises.ts';
import type { Limits, ProtocolError } from '../../protocol/index.ts';
import type { Carrier } from './carrier.ts';
import { AgentConnection, ConnectionLost } from './connection.ts';
import { parseFacts } from './facts.ts';
import { AgentSandbox, type Surroundings } from './sandbox.ts';

export interface Opening {
  readonly carrier: Carrier;
  readonly surroundings: Surroundings;
  readonly limits: Limits;
  readonly image: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** The directories in which its programs must be able to write. */
  readonly writable?: readonly string[];
  /** Rejects when what was started has ended, with the reason. undefined: that can't be known. */
  readonly ended: Promise<never> | undefined;
  /** Makes the error for a sandbox that could not be opened. */
  refusal(why: string): ProtocolError;
}

/** The agent must be ready within this time. */
const SPEAK_DEADLINE_MS = 20_000;

/**
 * If it rejects, the caller must close the carrier and end what it has started.
 * @throws the error of `refusal`; the reason of `ended` or `signal`
 */
export async function openSandbox({ carrier, surroundings, limits, image, clock, log, signal, writable = [], ended, refusal }: Opening): Promise<AgentSandbox> {
  const connection = new AgentConnection(carrier, clock);
  const hello = connection.hello.catch((fault: unknown) => {
    if (!(fault instanceof ConnectionLost)) throw fault;
    // What was started says better than its agent why it ended.
    if (connection.reason === undefined && ended) return ended;
    throw refusal(connection.reason ?? 'its agent ended at once');
  });
  const first = ended ? Promise.race([hello, ended]) : hello;
  const text = await abortable(signal, deadline(clock, SPEAK_DEADLINE_MS, first, () => refusal('its agent says nothing')));
  const facts = parseFacts(text);
  const closed = writable.find((path) => !facts.writable.has(path));
  if (closed !== undefined) throw refusal(`its programs can't write in ${closed}`);
  return new AgentSandbox({ connection, surroundings, facts, limits, image, clock, log });
}
