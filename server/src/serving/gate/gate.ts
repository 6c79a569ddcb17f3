/** The one way to every served call: an ordered list of steps, each around those after it, and the handler innermost. */
import type { Call, Serve } from '../../wire/service.ts';

/**
 * One step. `next` goes on with the call and resolves or rejects as it does; a step that does not call it refuses the
 * call by throwing a ProtocolError.
 * Invariant: a step that lets a call pass calls `next` once, in the turn in which it was called itself: calls begin in
 * the order in which they arrive.
 */
export type Step = (call: Call, next: () => Promise<unknown>) => Promise<unknown>;

/** The first of `steps` is the outermost. */
export function createGate(steps: readonly Step[], serve: Serve): Serve {
  return steps.reduceRight<Serve>((inner, step) => (call) => step(call, () => inner(call)), serve);
}
