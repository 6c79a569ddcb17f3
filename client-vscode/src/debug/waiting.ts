/** Shows that something is being prepared, with a button that cancels it, once it has taken long enough for a person to wonder. */
import type { Clock } from '../base/clock.ts';
import type { Code } from '../base/code.ts';

/** Most sandboxes are there sooner. */
export const PATIENCE_MS = 700;

export interface Waiting {
  tell(message: string): void;
  done(): void;
}

export function waitFor({ window, ProgressLocation }: Code, clock: Clock, title: string, cancel: () => void): Waiting {
  let last: string | undefined;
  let report: ((message: string) => void) | undefined;
  let done: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    done = resolve;
  });
  const stopTimer = clock.after(PATIENCE_MS, () => {
    void window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, (progress, token) => {
      token.onCancellationRequested(cancel);
      report = (message) => progress.report({ message });
      if (last !== undefined) report(last);
      return over;
    });
  });
  return {
    tell(message) {
      last = message;
      report?.(message);
    },
    done() {
      stopTimer();
      done();
    },
  };
}
