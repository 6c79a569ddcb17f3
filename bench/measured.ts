/** Runs one part of the benchmark. What cannot be measured is a row that says why; the other parts still run, and their figures count. */
import type { Bench, Part } from './bench.ts';
import type { Row, Skipped } from './row.ts';

/** `failed`: something went wrong that is not for the lack of a part of this machine. */
export interface Measured {
  readonly rows: readonly (Row | Skipped)[];
  readonly failed: boolean;
}

export async function measured(part: Part, bench: Bench): Promise<Measured> {
  for (const runtime of part.needs ?? []) {
    const skipped = await bench.lacks(runtime);
    if (skipped !== undefined) return { rows: [{ name: part.name, against: '', skipped }], failed: false };
  }
  try {
    return { rows: await part.run(bench), failed: false };
  } catch (fault) {
    bench.say(`${part.name} failed: ${(fault as Error).stack}`);
    return { rows: [{ name: part.name, against: '', skipped: `it failed: ${(fault as Error).message}` }], failed: true };
  }
}
