/** Takes each message to its handler: by the method table, in the order of arrival. */
import type { Log } from '../base/log.ts';
import {
  Exit,
  Initialize,
  Initialized,
  type Method,
  methods,
  ProtocolError,
  SetTrace,
  Shutdown,
} from '../protocol/index.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Handlers, RequestContext } from './service.ts';
import type { Trace } from './trace.ts';
import { parseParams } from './validate.ts';

type Handler = (params: unknown, context: RequestContext) => unknown;

export interface DispatchDeps {
  readonly lifecycle: Lifecycle;
  readonly trace: Trace;
  readonly log: Log;
  exit(): void;
}

/** Invariant: a handler starts in the turn its message arrives in, unless `initialize` is still under way. */
export class Dispatcher {
  readonly #deps: DispatchDeps;
  readonly #table: ReadonlyMap<string, Method>;

  constructor(deps: DispatchDeps) {
    this.#deps = deps;
    this.#table = new Map(methods.filter(({ from }) => from === 'client').map((method) => [method.name, method]));
  }

  /** @throws ProtocolError, or what the handler throws */
  async request(name: string, params: unknown, context: RequestContext): Promise<unknown> {
    const { lifecycle } = this.#deps;
    if (name === Initialize.name) return lifecycle.initialize(params);
    if (lifecycle.opening) await lifecycle.opening;
    const { capabilities, handlers } = lifecycle.served;
    if (name === Shutdown.name) return lifecycle.shutdown();
    const method = this.#table.get(name);
    const handler = method && handlerOf(handlers, method);
    if (!method || method.kind !== 'request' || !handler || !capabilities.methods.includes(name)) {
      throw new ProtocolError('MethodNotFound', `${name} is not among the methods this daemon advertised.`, { method: name });
    }
    return handler(parseParams(method.params, params), context);
  }

  /** What can't be taken is dropped: there is no way to answer. */
  async notification(name: string, params: unknown, context: RequestContext): Promise<void> {
    const { lifecycle, trace, log } = this.#deps;
    if (name === Exit.name) return this.#deps.exit();
    if (lifecycle.opening) await lifecycle.opening;
    const method = this.#table.get(name);
    if (!lifecycle.isOpen || method?.kind !== 'notification') {
      log.debug(`${name} was dropped`);
      return;
    }
    trace.received('notification', name, params);
    if (name === Initialized.name) return;
    if (name === SetTrace.name) trace.set(parseParams(SetTrace.params, params).value);
    else await handlerOf(lifecycle.served.handlers, method)?.(parseParams(method.params, params), context);
  }
}

/** Handlers take what the schema of their method makes: the table and `Handlers` say the same. */
function handlerOf(served: Handlers, { name }: Method): Handler | undefined {
  const handlers = served as unknown as Readonly<Record<string, Handler | undefined>>;
  return handlers[name]?.bind(handlers);
}
