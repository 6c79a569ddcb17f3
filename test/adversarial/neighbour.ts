/** A neighbour: it runs a small program in a session of its own every 100 ms, and notes what goes wrong and how long each run takes. */
import type { RawClient } from '../e2e/raw-client.ts';

const EVERY_MS = 100;

export interface Neighbour {
  /** The times of the runs since the last call, in milliseconds. */
  times(): number[];
  readonly faults: readonly string[];
  /** Resolves when its last run is over. */
  stop(): Promise<void>;
}

/** `code` prints `here`. */
export function startNeighbour(client: RawClient, sessionId: string, code: string): Neighbour {
  const faults: string[] = [];
  let times: number[] = [];
  let over = false;
  const live = async () => {
    while (!over) {
      const begin = performance.now();
      const { result, error } = await client.call('command/runCode', { sessionId, code });
      const took = performance.now() - begin;
      times.push(took);
      if (result?.outcome !== 'exited' || result.exitCode !== 0 || result.stdout !== 'here\n') faults.push(JSON.stringify(error ?? result));
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, EVERY_MS - took)));
    }
  };
  const done = live();
  return {
    faults,
    times() {
      const [all, none] = [times, []];
      times = none;
      return all;
    },
    stop() {
      over = true;
      return done;
    },
  };
}

/** The value that this part of the values does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
