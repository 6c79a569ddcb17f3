/** Compares what the tests of a module said in a sandbox and plainly, and holds the differences against the list of those that are known. */

export interface Verdict {
  /** `ok`, `skipped`, `failed`, `error`, `expected failure`, `unexpected success`; `absent` if the test did not run. */
  readonly verdict: string;
  readonly reason: string;
}

export type Verdicts = ReadonlyMap<string, Verdict>;

export interface Difference {
  readonly test: string;
  readonly plain: string;
  readonly sandbox: string;
}

/** Some differences that have the same cause. */
export interface Known {
  /** Why they are there, in one or two sentences. */
  readonly reason: string;
  readonly runtimes: readonly string[];
  readonly plain: string;
  readonly sandbox: string;
  /** The ids of the tests, without the `test.` that all begin with. */
  readonly tests: readonly string[];
}

const ABSENT: Verdict = { verdict: 'absent', reason: '' };
const UNFINISHED: Verdict = { verdict: 'unfinished', reason: '' };

/** Reads what the runner has printed. A module that has not come to its end gets a verdict of its own. */
export function readVerdicts(module: string, text: string): Verdicts {
  const verdicts = new Map<string, Verdict>();
  let ended = false;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const { test, verdict, reason } = JSON.parse(line) as Verdict & { test: string };
    if (verdict === 'ended') ended = true;
    else verdicts.set(freeName(verdicts, test.replace(/^test\./, '')), { verdict, reason });
  }
  if (!ended) verdicts.set(module, UNFINISHED);
  return verdicts;
}

export const isUnfinished = (module: string, verdicts: Verdicts): boolean => verdicts.get(module) === UNFINISHED;

/** A module may have several tests of one id. */
function freeName(taken: ReadonlyMap<string, Verdict>, id: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? id : `${id} #${number}`;
    if (!taken.has(name)) return name;
  }
}

export function differences(plain: Verdicts, sandbox: Verdicts): Difference[] {
  return [...new Set([...plain.keys(), ...sandbox.keys()])].sort().flatMap((test) => {
    const [expected, found] = [plain.get(test) ?? ABSENT, sandbox.get(test) ?? ABSENT];
    return expected.verdict === found.verdict ? [] : [{ test, plain: expected.verdict, sandbox: found.verdict }];
  });
}

/** What is wrong: a difference that is not on the list, and a test on the list that does not differ in this way. */
export function faults(module: string, runtime: string, found: readonly Difference[], known: readonly Known[]): string[] {
  const listed = byTest(known.filter(({ runtimes }) => runtimes.includes(runtime)).flatMap(({ tests, plain, sandbox }) => tests.map((test) => ({ test, plain, sandbox }))));
  const actual = byTest(found);
  const tests = [...new Set([...listed.keys(), ...actual.keys()])].filter((test) => isOf(test, module));
  return tests.filter((test) => listed.get(test) !== actual.get(test)).map((test) =>
    `${test} in ${runtime}: ${actual.get(test) ?? 'does not differ'}; the list says: ${listed.get(test) ?? 'does not differ'}`);
}

const byTest = (some: readonly Difference[]) => new Map(some.map(({ test, plain, sandbox }) => [test, `${sandbox} instead of ${plain}`]));

/** What is not a test has an id such as `setUpClass (test.test_os.Class)`. */
function isOf(test: string, module: string): boolean {
  const name = /\((?:test\.)?(.*)\)/.exec(test)?.[1] ?? test;
  return name === module || name.startsWith(`${module}.`);
}
