/** Measurements: what is compared takes turns in one run, so that noise of the machine falls on all of it. */

export interface Side {
  /** Not counted: brings about what a run begins with. */
  before?(): Promise<void>;
  /** Does the work once and checks its result: throws where it is wrong. */
  run(): Promise<void>;
  /** Not counted: clears away. */
  after?(): Promise<void>;
}

export interface Plan {
  readonly runs: number;
  /** Turns that are not counted. */
  readonly warmUp?: number;
  /** Before each run: what an engine still cleans up must not be charged to the other side, and people pause. */
  readonly pauseMs?: number;
}

/** Milliseconds of every run, of each side. No run is dropped, none is repeated. */
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

/** How many milliseconds it takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
