/**
 * Runs the unit tests, which takes seconds: `npm run unit -- FILTER...`. If a FILTER is a part of the path of a test file,
 * it selects that file; otherwise it selects the tests whose titles contain it. Without a FILTER, all unit tests run.
 *
 * A unit test is quick and needs only Node and the npm packages: no build, Docker engine, browser or editor. A test that
 * needs more says so with `need` of require.ts, and a test that may take long sets a timeout. Therefore a test file counts
 * as unit tests if it does not import require.ts, directly or through other files, and does not set a timeout.
 */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const filters = process.argv.slice(2);
const all = readdirSync(new URL('.', import.meta.url), { recursive: true })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => posix.join('test', ...path.split(sep)))
  .sort();
const units = await unitTests(all);
const isPath = (filter) => all.some((path) => path.includes(filter));
const paths = filters.filter(isPath);
const titles = filters.filter((filter) => !isPath(filter));
const chosen = units.filter((unit) => paths.length === 0 || paths.some((path) => unit.includes(path)));

if (chosen.length === 0) {
  process.stdout.write(`These are no unit tests. Run them with: npx mocha ${all.filter((path) => paths.some((part) => path.includes(part))).join(' ')}\n`);
  process.stdout.write('0 passed, 1 failed, 0 skipped\n');
  process.exit(1);
}
const grep = titles.length === 0 ? [] : ['--grep', titles.map((title) => title.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')];
// With this condition, `codebeaker/protocol` is resolved to its source.
const mocha = ['node_modules/mocha/bin/mocha.js', '--node-option', 'conditions=@codebeaker/source', '--fail-zero', ...grep, ...chosen];
process.exitCode = spawnSync(process.execPath, mocha, { cwd: root, stdio: 'inherit' }).status ?? 1;

/** Returns the entry points that are unit tests. Esbuild follows their imports; it leaves out imports of types. */
async function unitTests(entryPoints) {
  // Without splitting, what many tests import would be written out for each of them, which takes six times as long.
  const options = { absWorkingDir: root, bundle: true, splitting: true, write: false, outdir: 'dist', format: 'esm', platform: 'node', packages: 'external' };
  const { metafile } = await build({ ...options, entryPoints, metafile: true, logLevel: 'error' });
  const reaches = (file, seen = new Set()) => {
    if (file === 'test/require.ts') return true;
    if (seen.has(file)) return false;
    seen.add(file);
    return metafile.inputs[file].imports.some(({ path, external }) => !external && reaches(path, seen));
  };
  const setsTimeout = (entry) => /\btimeout\(/.test(readFileSync(join(root, entry), 'utf8'));
  return entryPoints.filter((entry) => !reaches(entry) && !setsTimeout(entry));
}
