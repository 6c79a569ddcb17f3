/**
 * What Ctrl-C and other signals do to `codebeaker run`. Before the program runs, a signal ends the run. Then the first one
 * goes to the program, which may end in its own way; a second one, or some time, ends it and everything that it started.
 */
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { Clock } from '../base/clock.ts';
import { codeOf } from './exit-codes.ts';

export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** How long a program may take to end after the first signal. */
const GRACE_MS = 10_000;

export class Interrupts {
  readonly #clock: Clock;
  readonly #source = new CancellationTokenSource();
  readonly #abort = new AbortController();
  #first: EndSignal | undefined;
  #send: ((signal: EndSignal) => void) | undefined;
  #stopWaiting: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Is cancelled when the run has to end. `signal` is aborted at the same time. */
  get token(): CancellationTokenSource['token'] {
    return this.#source.token;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The exit code of a run that was cancelled. */
  get exitCode(): number {
    return codeOf(this.#first ?? 'SIGINT');
  }

  get cancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  receive(signal: EndSignal): void {
    const isFirst = this.#first === undefined;
    this.#first ??= signal;
    if (!isFirst || !this.#send) return this.cancel();
    this.#send(signal);
    this.#stopWaiting = this.#clock.after(GRACE_MS, () => this.cancel());
  }

  /** From now on, until the returned function is called, the first signal is given to `send`. */
  programRuns(send: (signal: EndSignal) => void): () => void {
    this.#send = send;
    return () => {
      this.#send = undefined;
      this.#stopWaiting?.();
    };
  }

  cancel(): void {
    this.#stopWaiting?.();
    if (this.cancelled) return;
    this.#abort.abort();
    this.#source.cancel();
  }
}
