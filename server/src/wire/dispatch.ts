/** Takes each message to whoever serves it: by the method table, in the order of arrival. */
import type { Log } from '../base/log.ts';
import { Exit, Initialize, Initialized, type Method, ProtocolError, SetTrace, Shutdown } from '../protocol/index.ts';
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
}

/** Invariant: a call is served in the turn its message arrives in, unless `initialize` is still under way. */
export class Dispatcher {
  readonly #deps: DispatchDeps;

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
  }

  /** @throws ProtocolError, or what the service throws */
  async request(name: string, params: unknown, signal: AbortSignal): Promise<unknown> {
    const { lifecycle } = this.#deps;
    if (name === Initialize.name) return lifecycle.initialize(params);
    if (lifecycle.opening) await lifecycle.opening;
    const { capabilities, serve } = lifecycle.served;
    if (name === Shutdown.name) return lifecycle.shutdown();
    const method = clientMethods.get(name);
    if (!method || method.kind !== 'request' || !capabilities.methods.includes(name)) {
      throw new ProtocolError('MethodNotFound', `${name} is not among the methods this daemon advertised.`, { method: name });
    }
    return serve(callOf(method, params, signal));
  }

  /** What can't be taken is dropped: there is no way to answer. */
  async notification(name: string, params: unknown, signal: AbortSignal): Promise<void> {
    const { lifecycle, trace, log } = this.#deps;
    if (name === Exit.name) return this.#deps.exit();
    if (lifecycle.opening) await lifecycle.opening;
    const method = clientMethods.get(name);
    if (!lifecycle.isOpen || method?.kind !== 'notification') {
      log.debug(`${name} was dropped`);
      return;
    }
    trace.received('notification', name, params);
    if (name === Initialized.name) return;
    if (name === SetTrace.name) trace.set(parseParams(SetTrace.params, params).value);
    else await lifecycle.served.serve(callOf(method, params, signal));
  }
}

function callOf(method: Method, params: unknown, signal: AbortSignal): Call {
  return resolveAlias({ method, params: parseParams(method.params, params), signal });
}
