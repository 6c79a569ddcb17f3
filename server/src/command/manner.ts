/** Where and how a program of a command is run, if not in the sandbox of the session and by `Sandbox.start`. */
import type { Process, Sandbox, Sink } from '../runtime/ports.ts';

export interface Manner {
  readonly sandbox?: Sandbox;
  /** If `stop` aborts before the program has started, it is killed, or never started: then this is undefined. */
  readonly start?: (sink: Sink, stop: AbortSignal) => Process | undefined | Promise<Process | undefined>;
}
