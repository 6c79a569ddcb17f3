/** What SIGTERM and SIGINT do to a daemon: the first one ends it in order, and a second one ends what that still waits for. */
export type EndingSignal = 'SIGTERM' | 'SIGINT';

export interface EndingParts {
  readonly process: Pick<NodeJS.Process, 'on'>;
  /** Settles when nothing runs any more, or when nothing is waited for. */
  drain(hurry: AbortSignal): Promise<unknown>;
  /** Called once, after that. `again`: the signal that hurried it. */
  end(first: EndingSignal, again: EndingSignal | undefined): void;
}

export function endOnSignals({ process, drain, end }: EndingParts): void {
  const hurry = new AbortController();
  let first: EndingSignal | undefined;
  let again: EndingSignal | undefined;
  const receive = (signal: EndingSignal) => {
    if (first !== undefined) {
      again ??= signal;
      return hurry.abort();
    }
    first = signal;
    void drain(hurry.signal).catch(() => undefined).then(() => end(signal, again));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, receive);
}
