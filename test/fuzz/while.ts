/**
 * Random tests that go on for a time and not for a number of runs, each time with other values. A failure names its seed,
 * with which `CODEBEAKER_FUZZ_SEED` repeats it. `npm run test:fuzz` gives them ten minutes.
 */
import fc from 'fast-check';

/** How long all of them go on together, beside those that have a number of runs. */
const SECONDS = Number(process.env.CODEBEAKER_FUZZ_SECONDS ?? 30);
const { CODEBEAKER_FUZZ_SEED: seed } = process.env;

/** `share`: the part of the time that this property gets. How often it ran is printed. @throws as fc.assert */
export async function forAWhile<T>(share: number, property: fc.IAsyncProperty<T> | fc.IProperty<T>): Promise<void> {
  const details = await fc.check(property as fc.IAsyncProperty<T>, {
    interruptAfterTimeLimit: SECONDS * share * 1000,
    markInterruptAsFailure: false,
    numRuns: 1_000_000_000,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  });
  process.stdout.write(`      ${details.numRuns} runs\n`);
  if (details.numRuns === 0) throw new Error('the property never ran');
  if (details.failed) throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
}

/** For random tests whose values are always the same: so many for each minute. */
export const timesFor = (perMinute: number): number => Math.max(1, Math.round((SECONDS / 60) * perMinute));

/** For the timeout of a test that uses this share. */
export const timeoutFor = (share: number): number => SECONDS * share * 1000 + 60_000;
