/** One connection of a program, as the protocols see it. */
import type { Duplex } from 'node:stream';
import type { Target } from './hosts.ts';
import type { Count } from './join.ts';
import type { Purpose, Route } from './upstream.ts';

export interface Line {
  /** Reaches a place, if it is allowed. @throws Refusal, or the reason why the line is over */
  reach(target: Target, purpose: Purpose): Promise<Route>;
  /** Serves what the program says to a place, over a connection that leads there. Resolves when it is over; never rejects. */
  carry(stream: Duplex, connection: Duplex, target: Target): Promise<void>;
  readonly moved: Count;
  /** The program has asked for something, so that it no longer has to. */
  asked(): void;
  /** It may ask for something more. */
  listening(): void;
}
