/** The requests that are being served: their signals, and what their faults become on the wire. */
import { type CancellationToken, ResponseError } from 'vscode-jsonrpc';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { ProtocolError } from '../protocol/index.ts';
import type { Trace } from './trace.ts';

type Work = (signal: AbortSignal) => Promise<unknown>;

export interface RequestsDeps {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly log: Log;
}

/** Invariant: after `close` every signal is aborted and no work is started. */
export class Requests {
  readonly #deps: RequestsDeps;
  readonly #closing = new AbortController();
  readonly #running = new Map<Promise<unknown>, AbortController>();

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  /** Aborts when the connection goes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Starts `work` at once. Rejects with ResponseError alone. */
  async serve(method: string, params: unknown, token: CancellationToken, work: Work): Promise<unknown> {
    const { clock, trace } = this.#deps;
    const started = clock.monotonic();
    const controller = new AbortController();
    onCancel(token, () => controller.abort(new ProtocolError('RequestCancelled', 'The request was cancelled.')));
    trace.received('request', method, params);
    const running = this.closing.aborted
      ? Promise.reject(this.closing.reason)
      : work(controller.signal);
    this.#running.set(running, controller);
    try {
      const result = await running;
      trace.answered(method, clock.monotonic() - started);
      return result;
    } catch (fault) {
      const { code, message, data } = this.#explain(method, fault, controller.signal);
      trace.answered(method, clock.monotonic() - started, code);
      throw new ResponseError(code, message, data);
    } finally {
      this.#running.delete(running);
    }
  }

  /** Aborts what runs and refuses what comes. Resolves when nothing runs any more. */
  async close(): Promise<void> {
    const reason = new ProtocolError('RequestCancelled', 'The connection is closing.');
    this.#closing.abort(reason);
    const running = [...this.#running];
    for (const [, controller] of running) controller.abort(reason);
    await Promise.allSettled(running.map(([work]) => work));
  }

  #explain(method: string, fault: unknown, signal: AbortSignal): ProtocolError {
    const { log } = this.#deps;
    if (signal.aborted) {
      if (fault !== signal.reason) log.debug(`${method} was cancelled`, fault);
      return signal.reason as ProtocolError;
    }
    if (fault instanceof ProtocolError) return fault;
    log.error(`${method} failed`, fault);
    return new ProtocolError('InternalError', 'Internal error: the log of the daemon tells more.');
  }
}

/** Also where the token was cancelled before anybody could listen. */
function onCancel(token: CancellationToken, cancel: () => void): void {
  if (token.isCancellationRequested) cancel();
  else token.onCancellationRequested(cancel);
}
