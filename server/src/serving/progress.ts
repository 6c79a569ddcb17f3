/** LSP's work-done progress, for requests that came with a token of the client's. */
import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from 'vscode-languageserver-protocol';
import { ProtocolError } from '../protocol/index.ts';
import type { Client } from '../wire/service.ts';

/** What is shown while a request is worked on. `end` is called once, however it ends. */
export interface ShownProgress {
  /** Aborts with the request, and when the person cancels what is shown. */
  readonly signal: AbortSignal;
  report(message: string, percentage?: number): void;
  /** Resolves when everything has left: a token is good until the response. */
  end(): Promise<void>;
}

export class ProgressTokens {
  readonly #client: Client;
  readonly #shown = new Map<ProgressToken, AbortController>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Without a token nothing is sent. Each message leaves when the one before has; of the reports that wait, the last. */
  begin(token: ProgressToken | undefined, title: string, signal: AbortSignal): ShownProgress {
    if (token === undefined) return { signal, report: () => undefined, end: async () => undefined };
    const cancel = new AbortController();
    this.#shown.set(token, cancel);
    let sending: Promise<void> = Promise.resolve();
    let latest: WorkDoneProgressReport | undefined;
    const send = (value: WorkDoneProgressBegin | WorkDoneProgressEnd | 'latest') => {
      sending = sending.then(() => {
        const message = value === 'latest' ? latest : value;
        if (value === 'latest') latest = undefined;
        return message && this.#client.progress(token, message);
      });
      return sending;
    };
    void send({ kind: 'begin', title, cancellable: true });
    return {
      signal: AbortSignal.any([signal, cancel.signal]),
      report: (message, percentage) => {
        if (this.#shown.get(token) !== cancel) return;
        if (!latest) void send('latest');
        latest = { kind: 'report', message, ...(percentage === undefined ? {} : { percentage }) };
      },
      end: () => {
        if (this.#shown.get(token) === cancel) this.#shown.delete(token);
        return send({ kind: 'end' });
      },
    };
  }

  /** A token that is not shown is ignored: it may have ended meanwhile. */
  cancel(token: ProgressToken): void {
    this.#shown.get(token)?.abort(new ProtocolError('RequestCancelled', 'cancelled by the person'));
  }
}
