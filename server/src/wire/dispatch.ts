/** Hands each request and notification to whatever handles its method: the lifecycle, the trace, or the service. */
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
  /** Aborts when the connection closes. */
  readonly closing: AbortSignal;
  exit(): void;
  /** Called when a call reaches nothing, with the reason. */
  refused?(name: string, fault: unknown): void;
}

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
    if (name === Initialize.name) return lifecycle.initialize(params).catch((fault: unknown) => this.#refuse(name, fault));
    if (lifecycle.opening) await lifecycle.opening;
    const { capabilities, serve } = this.#told(name, () => lifecycle.served);
    if (name === Shutdown.name) return lifecycle.shutdown();
    return serve(this.#told(name, () => {
      const method = clientMethods.get(name);
      if (!method || method.kind !== 'request' || !capabilities.methods.includes(name)) {
        throw new ProtocolError('MethodNotFound', `This daemon does not serve the method ${name} to this client: see capabilities.methods. Some methods want a capability of the client.`, { method: name });
      }
      return { ...callOf(method, params, signal, number), closing: this.#deps.closing };
    }));
  }

  /** A notification that cannot be handled is dropped, because there is no way to answer it. */
  async notification(name: string, params: unknown, signal: AbortSignal): Promise<void> {
    const { lifecycle, trace, log } = this.#deps;
    if (name === Exit.name) return this.#deps.exit();
    if (lifecycle.opening) await lifecycle.opening;
    const method = clientMethods.get(name);
    if (!lifecycle.isOpen || method?.kind !== 'notification') {
      log.debug(`the notification ${name} was dropped, because it is unknown or the connection is not open`);
      // Whoever does not know a notification with such a name is free to ignore it.
      if (!name.startsWith('$/')) this.#deps.refused?.(name, new ProtocolError(lifecycle.isOpen ? 'MethodNotFound' : 'ServerNotInitialized', 'The notification was dropped.'));
      return;
    }
    trace.received('notification', name, params);
    if (name === Initialized.name) return;
    if (name === SetTrace.name) return trace.set(parseParams(SetTrace.params, params).value);
    await lifecycle.served.serve(this.#told(name, () => callOf(method, params, signal)));
  }

  /** Looks where a call leads, and tells of it where that is nowhere. */
  #told<T>(name: string, look: () => T): T {
    try {
      return look();
    } catch (fault) {
      return this.#refuse(name, fault);
    }
  }

  #refuse(name: string, fault: unknown): never {
    this.#deps.refused?.(name, fault);
    throw fault;
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
