/** The requests that are being served: their abort signals, and how their errors are answered. */
import { type CancellationToken, ResponseError } from 'vscode-jsonrpc';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { ProtocolError } from '../protocol/index.ts';
import type { Trace } from './trace.ts';


export interface RequestsDeps {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly log: Log;
}

/** Invariant: after `close`, every signal is aborted and no handler is called. */
export class Requests {
  readonly #deps: RequestsDeps;
  readonly #closing = new AbortController();
  /** How many requests have come. */
  #count = 0;
  readonly #running = new Map<Promise<unknown>, AbortController>();

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  /** Aborts when the connection closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Calls `handle` synchronously, with the number of the request on its connection. Rejects only with a ResponseError. */
  async serve(method: string, params: unknown, token: CancellationToken, handle: (signal: AbortSignal, number: number) => Promise<unknown>): Promise<unknown> {
    const number = ++this.#count;
    const { clock, trace } = this.#deps;
    const started = clock.monotonic();
    const controller = new AbortController();
    onCancel(token, () => controller.abort(new ProtocolError('RequestCancelled', 'The request was cancelled.')));
    trace.received('request', method, params);
    const running = this.closing.aborted
      ? Promise.reject(this.closing.reason)
      : handle(controller.signal, number);
    this.#running.set(running, controller);
    try {
      const result = await running;
      trace.answered(method, clock.monotonic() - started);
      return result;
    } catch (fault) {
      const { code, message, data } = this.#explain(method, fault, controller.signal, number);
      trace.answered(method, clock.monotonic() - started, code);
      throw new ResponseError(code, message, data);
    } finally {
      this.#running.delete(running);
    }
  }

  /** Aborts all requests and refuses new ones. Resolves when all handlers have settled. */
  async close(): Promise<void> {
    const reason = new ProtocolError('RequestCancelled', 'The connection is closing.');
    this.#closing.abort(reason);
    const running = [...this.#running];
    for (const [, controller] of running) controller.abort(reason);
    await Promise.allSettled(running.map(([promise]) => promise));
  }

  #explain(method: string, fault: unknown, signal: AbortSignal, number: number): ProtocolError {
    const { log } = this.#deps;
    if (signal.aborted) {
      if (fault !== signal.reason) log.debug(`${method} was cancelled`, fault, { request: number });
      return signal.reason as ProtocolError;
    }
    if (fault instanceof ProtocolError) return fault;
    log.error(`${method} failed`, fault, { request: number });
    return new ProtocolError('InternalError', 'Internal error: see the log of the daemon.');
  }
}

/** Calls `cancel` also if the token was cancelled before this. */
function onCancel(token: CancellationToken, cancel: () => void): void {
  if (token.isCancellationRequested) cancel();
  else token.onCancellationRequested(cancel);
}
