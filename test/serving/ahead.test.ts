/** What the configuration names is installed ahead: when, as what, and what is told where it fails. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostFiles } from '../../server/src/packages/host-files.ts';
import type { PackagesAhead } from '../../server/src/protocol/index.ts';
import { QUIET_MS } from '../../server/src/serving/listeners/quiet.ts';
import { type FakePackages, fakePackages } from '../fakes/packages.ts';
import { type TestDaemon, withDaemon } from './daemon.ts';

describe('packages that are installed ahead', () => {
  let packages: FakePackages;
  let folder: string;
  beforeEach(() => {
    packages = fakePackages();
    folder = mkdtempSync(join(tmpdir(), 'ahead-'));
  });
  afterEach(() => {
    packages.dispose();
    rmSync(folder, { recursive: true });
  });

  const test = (ahead: readonly PackagesAhead[], work: (daemon: TestDaemon) => Promise<void>) =>
    withDaemon({ packages, config: { packages: { ahead: [...ahead] } } }, async (daemon) => {
      await daemon.initialize();
      await work(daemon);
    });
  const until = async (check: () => boolean) => {
    while (!check()) await new Promise(setImmediate);
  };
  const python = (...names: string[]): PackagesAhead => ({ language: 'python', names });
  const warnings = ({ server }: TestDaemon) => server.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  const ended = ({ runtime }: TestDaemon, count: number) => until(() => runtime.made.length === count && runtime.open.length === 0);
  /** Resolves when the daemon waits for the next quiet moment, after `count` sandboxes have ended, and lets that pass. */
  const quiet = async (daemon: TestDaemon, count: number) => {
    await ended(daemon, count);
    await until(() => daemon.server.clock.pending > 0);
    await daemon.server.clock.advance(QUIET_MS);
  };
  const cached = async (daemon: TestDaemon, ...names: string[]) => {
    const sessionId = await daemon.session();
    return (await daemon.result('command/installPackages', { sessionId, packages: names })).cached;
  };

  it('are there when a session asks for them', () => test([python('two', 'one')], async (daemon) => {
    await quiet(daemon, 0);
    await ended(daemon, 1);
    expect(daemon.runtime.made[0]?.spec).to.deep.include({ language: 'python', workspace: undefined });
    expect(await cached(daemon, 'one', 'two')).to.equal(true);
    expect(warnings(daemon)).to.deep.equal([]);
  }));

  it('are those of a manifest of the host', async () => {
    const manifest = join(folder, 'requirements.txt');
    writeFileSync(manifest, 'three\n');
    await test([{ language: 'python', manifest }], async (daemon) => {
      await quiet(daemon, 0);
      await ended(daemon, 1);
      const sessionId = await daemon.session();
      await daemon.result('command/writeFile', { sessionId, path: 'requirements.txt', content: 'three\n' });
      expect(await daemon.result('command/installPackages', { sessionId })).to.deep.include({ cached: true, installed: [{ name: 'three', version: '1' }] });
    });
  });

  it('wait while a command runs', () => test([python('one')], async (daemon) => {
    const sessionId = await daemon.session();
    const running = daemon.result('command/executeShell', { sessionId, command: 'sleep 10000' });
    await daemon.server.clock.advance(9_999);
    expect(daemon.runtime.made).to.have.length(1);
    await daemon.server.clock.advance(1);
    await running;
    // The daemon learns a little later than its client that nothing runs any more, and reads files before it makes a sandbox.
    while (daemon.runtime.made.length < 2) {
      await daemon.server.clock.advance(QUIET_MS);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }));

  it('that can not be installed are a warning that says why, and the others follow', async () => {
    packages.scripts = ['warn no such package\nexit 3'];
    const missing = join(folder, 'requirements.txt');
    await test([python('one'), { language: 'shellscript', names: ['x'] }, { language: 'python', runtime: 'other', names: ['two'] }, { language: 'python', manifest: missing }, python('three')], async (daemon) => {
      await quiet(daemon, 0);
      await until(() => warnings(daemon).length === 1);
      packages.scripts = ['echo installing'];
      for (const count of [2, 3, 4]) {
        await quiet(daemon, 1);
        await until(() => warnings(daemon).length === count);
      }
      await quiet(daemon, 1);
      await ended(daemon, 2);
      const [failed, noManager, noRuntime, noFile] = warnings(daemon);
      expect(failed).to.contain('packages.ahead.0 (python: one) was not installed: ').and.to.contain('exit code 3').and.to.contain('no such package');
      expect(noManager).to.contain('packages.ahead.1 (shellscript: x)').and.to.contain('no package manager for shellscript');
      expect(noRuntime).to.contain('packages.ahead.2 (python: two)').and.to.contain('there is no runtime of this name');
      expect(noFile).to.contain(`there is no file ${missing}`);
      expect(await cached(daemon, 'three')).to.equal(true);
    });
  });

  it('hold up no installation of a session, and end with the daemon', async () => {
    packages.scripts = ['forever'];
    await test([python('one')], async (daemon) => {
      await quiet(daemon, 0);
      await until(() => daemon.runtime.made[0]?.processes.some(({ program: { command } }) => command[1] === 'forever') === true);
      packages.scripts = ['echo installing'];
      expect(await cached(daemon, 'two')).to.equal(false);
    });
    expect(packages.making()).to.deep.equal([]);
  });

  it('come from the folder of their manifest, and from nowhere else', async () => {
    const manifest = join(folder, 'requirements.txt');
    writeFileSync(manifest, 'one');
    writeFileSync(join(folder, 'more.txt'), 'two');
    symlinkSync('more.txt', join(folder, 'inside.txt'));
    symlinkSync('/etc/passwd', join(folder, 'outside.txt'));
    const { path, files } = hostFiles(manifest);
    const read = (name: string) => files.read(name, 0, 100).then(({ bytes }) => bytes.toString(), (fault: Error) => fault.message);
    expect(path).to.equal('/workspace/requirements.txt');
    expect(await Promise.all([path, '/workspace/more.txt', '/workspace/inside.txt'].map(read))).to.deep.equal(['one', 'two', 'two']);
    for (const name of ['/workspace/outside.txt', '/etc/passwd', '/workspace', '/workspace/none']) expect(await read(name), name).to.equal(`there is no file ${name}`);
  });
});
