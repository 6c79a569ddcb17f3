/** Each test of CPython's own suite says in a session what it says without one, except for the differences on the list. */
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { image } from '../e2e/environment.ts';
import { bundles, dockerImage, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { differences, faults, isUnfinished, readVerdicts, type Verdicts } from './compare.ts';
import { known } from './differences.ts';
import { leftOut, quick, slow } from './modules.ts';
import { type Method, type Place, plainContainer, plainProcess, type RuntimeId, sessionPlace } from './places.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const unpacked = join(here, '../../.cache/cpython');
/** What is wrong has to be wrong each time: some tests of the suite depend on how busy the machine is. */
const ATTEMPTS = 3;

const whole = process.env.CODEBEAKER_CPYTHON === 'whole';
const methods: Record<RuntimeId, readonly Method[]> = whole
  ? { docker: ['executeShell', 'runCode'], native: ['executeShell', 'runCode'] }
  : { docker: ['executeShell'], native: ['runCode'] };

interface Pair {
  readonly runtime: RuntimeId;
  readonly plain: Place;
  readonly sessions: readonly Place[];
}

describe(`CPython's own tests (${whole ? 'all that are listed' : 'the quick ones'}) (F-F4)`, function () {
  this.timeout(1_800_000);
  before(need('CPython’s test suite', () => existsSync(join(unpacked, 'complete')) ? undefined : 'it is not in .cache/cpython; run test/setup/cpython.sh'));
  before(need('the build', bundles));
  before(need('docker', dockerImage(image)));
  before(need('bubblewrap', bubblewrap));

  let folder: string | undefined;
  const pairs: Pair[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-cpython-'));
    chmodSync(folder, 0o755);
    for (const runtime of ['docker', 'native'] as const) {
      const suite = copySuite(join(folder, runtime));
      const sessions: Place[] = [];
      // They copy the folder before the plain side can write to it.
      for (const method of methods[runtime]) sessions.push(await sessionPlace(runtime, method, suite));
      pairs.push({ runtime, sessions, plain: runtime === 'docker' ? await plainContainer(suite) : plainProcess(suite) });
    }
  });

  after(async () => {
    await Promise.all(pairs.flatMap(({ plain, sessions }) => [plain, ...sessions]).map((place) => place.close()));
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  for (const module of whole ? [...quick, ...slow] : quick) {
    it(`${module} says the same in a session`, async () => {
      let wrong = await attempt(module);
      for (let again = 1; again < ATTEMPTS && wrong.length > 0; again++) {
        const now = new Set(await attempt(module));
        wrong = wrong.filter((fault) => now.has(fault));
      }
      expect(wrong, wrong.join('\n')).to.deep.equal([]);
    });
  }

  async function attempt(module: string): Promise<string[]> {
    const wrong = await Promise.all(pairs.map(async ({ runtime, plain, sessions }) => {
      const [expected, ...found] = await Promise.all([plain, ...sessions].map(async (place) => readVerdicts(module, await place.run([module, ...leftOut]))));
      return found.flatMap((verdicts) => compare(module, runtime, expected as Verdicts, verdicts));
    }));
    return wrong.flat();
  }
});

/** Every user of this machine may write to the copy. */
function copySuite(folder: string): string {
  cpSync(unpacked, folder, { recursive: true, preserveTimestamps: true });
  cpSync(join(here, 'runner.py'), join(folder, 'runner.py'));
  for (const name of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    const path = join(folder, name);
    chmodSync(path, statSync(path).mode | 0o222 | (statSync(path).isDirectory() ? 0o111 : 0));
  }
  return folder;
}

function compare(module: string, runtime: RuntimeId, plain: Verdicts, sandbox: Verdicts): string[] {
  if (isUnfinished(module, plain)) return [`${module} does not come to its end without a session (${runtime})`];
  return faults(module, runtime, differences(plain, sandbox), known);
}
