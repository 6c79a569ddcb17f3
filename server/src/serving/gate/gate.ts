/** The gate, which every call passes: an ordered list of steps, each of which wraps those after it, around the handler. */
import { type ErrorKind, ProtocolError } from '../../protocol/index.ts';
import type { Call, Serve } from '../../wire/service.ts';

/**
 * One step of the gate. `next` runs the following steps and the handler, and settles as they do. A step that refuses the
 * call throws a ProtocolError instead of calling `next`.
 * Invariant: a step that lets a call pass calls `next` once and synchronously, so that calls begin in the order in which
 * they arrive.
 */
export type Step = (call: Call, next: () => Promise<unknown>) => Promise<unknown>;

/** A step that only looks at a call: `look` throws a ProtocolError where it refuses the call. It costs no promise. */
export function check(look: (call: Call) => void): Step {
  return (call, next) => {
    try {
      look(call);
    } catch (fault) {
      return Promise.reject(fault);
    }
    return next();
  };
}

/** The error with which the client is answered. */
export function errorOf({ signal }: Call, fault: unknown): ErrorKind {
  if (signal.aborted) return 'RequestCancelled';
  return fault instanceof ProtocolError ? fault.kind : 'InternalError';
}

/** The first of `steps` is the outermost. */
export function createGate(steps: readonly Step[], serve: Serve): Serve {
  return steps.reduceRight<Serve>((inner, step) => (call) => step(call, () => inner(call)), serve);
}
