/** Measures things that are compared with each other by turns in one run, so that noise of the machine affects all of them. */

export interface Side {
  /** Prepares a run. Its time is not counted. */
  before?(): Promise<void>;
  /** Does the work once and checks the result. @throws if the result is wrong */
  run(): Promise<void>;
  /** Clears up after a run. Its time is not counted. */
  after?(): Promise<void>;
}

export interface Plan {
  readonly runs: number;
  /** How many turns come first that are not counted. */
  readonly warmUp?: number;
  /** A pause before each run, as people make one too. What an engine still has to clean up then is not charged to the next side. */
  readonly pauseMs?: number;
}

/** Returns the milliseconds of every run, for each side. No run is dropped and none is repeated. */
export async function alternate<Name extends string>(sides: Record<Name, Side>, plan: Plan): Promise<Record<Name, number[]>> {
  const { runs, warmUp = 2, pauseMs = 30 } = plan;
  const all = Object.entries(sides) as [Name, Side][];
  const times = Object.fromEntries(all.map(([name]) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let turn = -warmUp; turn < runs; turn++) {
    for (const [name, side] of all) {
      await side.before?.();
      await pause(pauseMs);
      const took = await timed(() => side.run());
      await side.after?.();
      if (turn >= 0) times[name].push(took);
    }
  }
  return times;
}

/** Returns how many milliseconds the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
