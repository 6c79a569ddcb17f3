/** LSP's work-done progress, for requests with a `workDoneToken`. */
import type {
  ProgressToken,
  WorkDoneProgressBegin,
  WorkDoneProgressEnd,
  WorkDoneProgressReport,
} from 'vscode-languageserver-protocol';
import { ProtocolError } from '../protocol/index.ts';
import type { Client } from '../wire/service.ts';

/** The progress of one request. `end` must be called once, however the request ends. */
export interface ShownProgress {
  /** Aborts with the request, and when the user cancels the progress. */
  readonly signal: AbortSignal;
  report(message: string, percentage?: number): void;
  /** Resolves when all messages have been sent. The response must come after them, because the token is valid only until then. */
  end(): Promise<void>;
}

export class ProgressTokens {
  readonly #client: Client;
  readonly #shown = new Map<ProgressToken, AbortController>();

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Without a token nothing is sent. Each message is sent when the transport has taken the one before. If several reports
   * are waiting by then, only the latest one is sent.
   */
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

  /** An unknown token is ignored, because its request may have ended in the meantime. */
  cancel(token: ProgressToken): void {
    this.#shown.get(token)?.abort(new ProtocolError('RequestCancelled', 'The user cancelled the progress of this request.'));
  }
}
