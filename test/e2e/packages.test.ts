/** Packages, as people meet them: `codebeaker run` beside a manifest, a second time, offline, and the cache. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deferred } from '../../server/src/base/promises.ts';
import { pipAndVenv } from '../packages/indexes/needs.ts';
import { pypi, wheel } from '../packages/indexes/pypi.ts';
import { serve, type Served } from '../packages/indexes/serve.ts';
import { bundles, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { CommandLine } from './command-line.ts';
import { RawClient } from './raw-client.ts';

describe('packages on the command line, with the built daemon', () => {
  before(need('build', bundles));
  before(need('bubblewrap', bubblewrap));
  before(need('pip', pipAndVenv));

  let folder: string;
  let registry: Served;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'packages-'));
    registry = await serve(pypi([wheel('pure', '1.0'), wheel('pyyaml', '6.0', { files: { 'yaml.py': 'answer = 42\n' } })]));
    writeFileSync(join(folder, 'requirements.txt'), 'pure==1.0\n');
    writeFileSync(join(folder, 'app.py'), 'import pure\nprint(pure.answer)\n');
    writeFileSync(join(folder, 'more.py'), 'import yaml\nprint(yaml.answer)\n');
  });
  after(async () => {
    await registry.close();
    rmSync(folder, { recursive: true });
  });

  const run = async (...args: string[]) => {
    const config = { packages: { registries: { pip: { url: `http://127.0.0.1:${registry.port}/simple/` } } } };
    const { code, stdout, stderr } = await new CommandLine(args, { config, env: { XDG_CACHE_HOME: join(folder, 'cache') }, input: '' }).ended;
    return { code, stdout: stdout.toString(), stderr };
  };
  const app = (...options: string[]) => run('run', '--runtime', 'native', ...options, join(folder, 'app.py'));

  it('are installed from the manifest, and come from the cache the next time', async () => {
    expect(await app()).to.deep.equal({ code: 0, stdout: '42\n', stderr: '' });
    const asked = registry.asked.length;
    expect(await app()).to.deep.equal({ code: 0, stdout: '42\n', stderr: '' });
    expect(registry.asked.length).to.equal(asked);
  });

  it('are not installed where nobody wants them', async () => {
    const { code, stderr } = await app('--packages=never');
    expect(code).to.equal(1);
    expect(stderr).to.contain("No module named 'pure'").and.to.contain('--package pure installs it');
  });

  it('that a program lacks are named as the registry names them, and installed by that name', async () => {
    const more = (...options: string[]) => run('run', '--runtime', 'native', ...options, join(folder, 'more.py'));
    expect((await more()).stderr).to.contain('--package PyYAML installs it');
    expect(await more('-p', 'PyYAML')).to.deep.equal({ code: 0, stdout: '42\n', stderr: '' });
  });

  it('that the registry does not have keep the program from running, and the reason is told', async () => {
    const { code, stderr, stdout } = await app('-p', 'missing');
    expect({ code, stdout }).to.deep.equal({ code: 125, stdout: '' });
    expect(stderr).to.contain('The registry has no package missing');
  });

  it('are shown and removed', async () => {
    const { environments } = JSON.parse((await run('cache', 'ls', '--json')).stdout);
    expect(environments.length).to.be.greaterThan(0);
    expect((await run('cache', 'verify')).code).to.equal(0);
    expect((await run('cache', 'prune')).stdout).to.match(new RegExp(`^removed ${environments.length} `));
    expect(JSON.parse((await run('cache', 'ls', '--json')).stdout).environments).to.deep.equal([]);
  });

  it('that the configuration names are there when a session asks for them', async () => {
    const asked = deferred();
    const watched = await serve(pypi([wheel('pure', '1.0')]), { before: () => {
      asked.resolve();
      return false;
    } });
    const path = join(folder, 'ahead.json');
    writeFileSync(path, JSON.stringify({ packages: { registries: { pip: { url: `http://127.0.0.1:${watched.port}/simple/` } }, ahead: [{ language: 'python', runtime: 'native', names: ['pure'] }] } }));
    const client = new RawClient({ args: ['--stdio', '--config', path], env: { XDG_CACHE_HOME: join(folder, 'ahead') } });
    try {
      await client.initialize();
      await asked.promise;
      const { sessionId } = await client.request('session/create', { language: 'python', runtime: 'native', packages: { names: [] } });
      expect(await client.request('command/installPackages', { sessionId, packages: ['pure'] })).to.deep.include({ cached: true, installed: [{ name: 'pure', version: '1.0' }] });
      expect((await client.request('command/runCode', { sessionId, code: 'import pure; print(pure.answer)' })).stdout).to.equal('42\n');
      expect(client.stderr).to.equal('');
    } finally {
      await client.end();
      await watched.close();
    }
  });
});
