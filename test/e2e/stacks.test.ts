/** The stack of an internal error names files and lines of the source, although the daemon is a bundle. */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundles, need } from '../require.ts';
import { daemonEnvironment, until } from './environment.ts';
import { daemonPath, RawClient } from './raw-client.ts';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const preload = file('test/fixtures/broken/preload.cjs');
const vsix = file('client-vscode/dist/daemon/main.js');

/** Returns `path:line` of the only line of the file that contains `text`. */
function lineOf(path: string, text: string): string {
  const lines = readFileSync(file(path), 'utf8').split('\n');
  const found = lines.flatMap((line, at) => (line.includes(text) ? [at + 1] : []));
  expect(found, text).to.have.lengthOf(1);
  return `${path}:${found[0]}`;
}

/** Runs a daemon in which the function `broken` throws. @returns the places that the stack on stderr names, without those of Node */
function crash(broken: string, program = daemonPath, env: Record<string, string> = {}): { status: number | null; places: string[]; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ['-r', preload, program, '--version'], { env: { ...process.env, ...env, BROKEN: broken }, encoding: 'utf8' });
  expect(stderr).to.include('broken by a test');
  return { status, places: placesIn(stderr), stderr };
}

function placesIn(stack: string): string[] {
  return [...stack.matchAll(/^\s+at .*?\(?([^\s()]+:\d+):\d+\)?$/gm)].map(([, place]) => place as string).filter((place) => !place.startsWith('node:'));
}

describe('the stack of an internal error', () => {
  before(need('the build', bundles));

  for (const [what, program] of Object.entries({ 'the package': daemonPath, 'the extension': vsix })) {
    it(`names the sources if the daemon of ${what} does not start`, () => {
      const { status, places } = crash('node:os hostname', program);
      expect(status).to.equal(1);
      expect(places.slice(1, 2)).to.deep.equal([lineOf('server/src/main.ts', 'hostname: hostname()')]);
      expect(places.join('\n')).to.include('server/src/cli/launch.ts:').and.not.to.match(/start\.cjs|chunks/);
    });
  }

  it('names the sources if a command fails, and nothing else is printed', () => {
    const { status, places, stderr } = crash('node:process stdout write');
    expect(status).to.equal(1);
    expect(stderr).to.match(/^codebeaker: there is an error in CodeBeaker itself: Error: broken by a test\n {4}at /);
    expect(places.slice(1, 2)).to.deep.equal([lineOf('server/src/main.ts', 'process.stdout.write(text, resolve)')]);
  });

  it('names the sources in the log, also those that are loaded late', async () => {
    const client = new RawClient({
      command: [process.execPath, '-r', preload, daemonPath, '--stdio'],
      env: { ...daemonEnvironment(), BROKEN: 'node:os availableParallelism' },
    });
    await client.initialize();
    await client.exited;
    expect(client.stderr).to.match(/ error \[codebeaker\] there is an error in CodeBeaker itself: Error: broken by a test\n/);
    expect(placesIn(client.stderr)).to.include(lineOf('server/src/serving/house.ts', 'availableParallelism()'));
    expect(client.stderr).not.to.match(/start\.cjs|chunks/);
  });

  describe('in a bundle', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'bundle-'));
      cpSync(file('client-vscode/dist/daemon'), folder, { recursive: true });
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const broken = (env = {}) => crash('node:os hostname', join(folder, 'main.js'), env);

    it('names the place in the bundle if the source maps are missing', () => {
      for (const name of readdirSync(folder)) if (name.endsWith('.map')) rmSync(join(folder, name));
      expect(broken().places.join('\n')).to.include(join(folder, 'start.cjs:'));
    });

    it('names the place in the bundle, and the sources, if a copy of it elsewhere has kept the compiled code (L16)', async () => {
      const env = { XDG_CACHE_HOME: join(folder, 'cache') };
      const other = new RawClient({ command: [process.execPath, '-r', preload, vsix, '--stdio'], env: { ...daemonEnvironment(), ...env, BROKEN: 'node:os nothing' } });
      await other.initialize();
      await until('the compiled code is kept', () => existsSync(join(folder, 'cache/codebeaker')) && readdirSync(join(folder, 'cache/codebeaker')).some((name) => name.endsWith('.code')));
      await other.end();
      expect(broken(env).places.slice(1, 2)).to.deep.equal([lineOf('server/src/main.ts', 'hostname: hostname()')]);
      rmSync(join(folder, 'start.cjs.map'));
      expect(broken(env).places.join('\n')).to.include(join(folder, 'start.cjs:'));
    });

    it('does not use the source map of another bundle', () => {
      const path = join(folder, 'start.cjs.map');
      writeFileSync(path, readFileSync(path, 'utf8').replace(/"debugId":"[0-9a-f]+"/, '"debugId":"0"'));
      const { places } = broken();
      expect(places.join('\n')).to.include(join(folder, 'start.cjs:')).and.to.include('server/src/cli/launch.ts:');
    });
  });
});
