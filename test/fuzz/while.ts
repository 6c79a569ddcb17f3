/**
 * Random tests that go on for a time and not for a number of runs, each time with other values. A failure names its seed,
 * with which `CODEBEAKER_FUZZ_SEED` repeats it. `npm run test:fuzz` gives them ten minutes.
 */
import fc from 'fast-check';

/** How long all of them go on together, beside those that have a number of runs. */
const SECONDS = Number(process.env.CODEBEAKER_FUZZ_SECONDS ?? 30);
const { CODEBEAKER_FUZZ_SEED: seed } = process.env;

/** So many runs there are at least, however slow the machine is. */
const MIN_RUNS = 10;

/** `share`: the part of the time that this property gets. How often it ran is printed. @throws as fc.assert */
export async function forAWhile<T>(share: number, property: fc.IAsyncProperty<T> | fc.IProperty<T>): Promise<void> {
  const check = async (parameters: fc.Parameters<[T]>) => {
    const details = await fc.check(property as fc.IAsyncProperty<[T]>, { ...parameters, ...(seed === undefined ? {} : { seed: Number(seed) }) });
    // What is interrupted before its first run has ended has found nothing.
    if (details.failed && !(details.interrupted && details.counterexample === null)) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
    return details.numRuns;
  };
  const least = await check({ numRuns: MIN_RUNS });
  const more = await check({ interruptAfterTimeLimit: SECONDS * share * 1000, markInterruptAsFailure: false, numRuns: 1_000_000_000 });
  process.stdout.write(`      ${least + more} runs\n`);
}

/** For random tests whose values are always the same: so many for each minute. */
export const timesFor = (perMinute: number): number => Math.max(1, Math.round((SECONDS / 60) * perMinute));

/** For the timeout of a test that uses this share. */
export const timeoutFor = (share: number): number => SECONDS * share * 1000 + 60_000;
