/** Hands each request and notification to whatever handles its method: the lifecycle, the trace, or the service. */
import type { Log } from '../base/log.ts';
import { type ErrorKind, Exit, Initialize, Initialized, type Method, ProtocolError, SetTrace, Shutdown } from '../protocol/index.ts';
import { resolveAlias } from './alias.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Call } from './service.ts';
import { clientMethods } from './table.ts';
import type { Trace } from './trace.ts';
import { parseParams } from './validate.ts';

export interface DispatchDeps {
  readonly lifecycle: Lifecycle;
  readonly trace: Trace;
  readonly log: Log;
  exit(): void;
  /** Called for each message that is answered with an error, or dropped because of one, before the service has seen it. */
  turnedAway(method: string, error: ErrorKind): void;
}

/** Stands for whatever is no method of the protocol. */
export const UNKNOWN = 'unknown';

/**
 * Invariant: serving a call begins synchronously when its message is handed on, so calls begin in the order of their
 * messages. Only calls that arrive before `initialize` has been answered wait for that answer.
 */
export class Dispatcher {
  readonly #deps: DispatchDeps;

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
  }

  /** @throws ProtocolError, or what the service throws */
  async request(name: string, params: unknown, signal: AbortSignal, number?: number): Promise<unknown> {
    const { lifecycle } = this.#deps;
    if (name === Initialize.name) return lifecycle.initialize(params).catch((fault: unknown) => this.#turnAway(name, fault));
    if (lifecycle.opening) await lifecycle.opening;
    return this.#called(name, params, signal, number)();
  }

  /** Returns what serves the request. */
  #called(name: string, params: unknown, signal: AbortSignal, number: number | undefined): () => Promise<unknown> {
    const { lifecycle } = this.#deps;
    try {
      const { capabilities, serve } = lifecycle.served;
      if (name === Shutdown.name) return () => lifecycle.shutdown();
      const method = clientMethods.get(name);
      if (!method || method.kind !== 'request' || !capabilities.methods.includes(name)) {
        throw new ProtocolError('MethodNotFound', `This daemon does not serve the method ${name}: see capabilities.methods.`, { method: name });
      }
      const call = callOf(method, params, signal, number);
      return () => serve(call);
    } catch (fault) {
      return this.#turnAway(name, fault);
    }
  }

  #notified(method: Method, params: unknown, signal: AbortSignal): () => Promise<unknown> {
    try {
      const { serve } = this.#deps.lifecycle.served;
      const call = callOf(method, params, signal);
      return () => serve(call);
    } catch (fault) {
      return this.#turnAway(method.name, fault);
    }
  }

  #turnAway(name: string, fault: unknown): never {
    this.#deps.turnedAway(clientMethods.has(name) ? name : UNKNOWN, fault instanceof ProtocolError ? fault.kind : 'InternalError');
    throw fault;
  }

  /** A notification that cannot be handled is dropped, because there is no way to answer it. */
  async notification(name: string, params: unknown, signal: AbortSignal): Promise<void> {
    const { lifecycle, trace, log } = this.#deps;
    if (name === Exit.name) return this.#deps.exit();
    if (lifecycle.opening) await lifecycle.opening;
    const method = clientMethods.get(name);
    if (!lifecycle.isOpen || method?.kind !== 'notification') {
      log.debug(`the notification ${name} was dropped, because it is unknown or the connection is not open`);
      return;
    }
    trace.received('notification', name, params);
    if (name === Initialized.name) return;
    if (name === SetTrace.name) trace.set(parseParams(SetTrace.params, params).value);
    else await this.#notified(method, params, signal)();
  }
}

/** Every request may have this param, whatever its schema says. */
function traceparentOf(params: unknown): string | undefined {
  const { traceparent } = params as { traceparent?: unknown };
  return typeof traceparent === 'string' ? traceparent : undefined;
}

function callOf(method: Method, params: unknown, signal: AbortSignal, request?: number): Call {
  return resolveAlias({ method, params: parseParams(method.params, params), signal, request, traceparent: traceparentOf(params) });
}
