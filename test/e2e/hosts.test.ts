/** The daemon on hosts that are out of the ordinary (H1, H2, H3, H5, H6). */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { bundles, dockerImage, need, program, root } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { controlGroups, daemonEnvironment, folders, image } from './environment.ts';
import { daemonPath, RawClient } from './raw-client.ts';

const runtimes = ['docker', 'native', 'bun', 'deno'];

/** Makes a session in a runtime, and runs a program in it. Resolves with the score of its isolation. */
async function tryOut(client: RawClient, runtime: string): Promise<number> {
  const { sessionId, isolation } = await client.request('session/create', { language: 'javascript', runtime });
  const { outcome, stdout } = await client.request('command/runCode', { sessionId, code: 'console.log("here")' });
  expect({ runtime, outcome, stdout }).to.deep.equal({ runtime, outcome: 'exited', stdout: 'here\n' });
  return isolation.score;
}

describe('the daemon on a host that is out of the ordinary', function () {
  before(need('the daemon', bundles));
  before(need('docker', dockerImage(image)));
  before(need('bubblewrap', bubblewrap));

  it('loses nothing to a daemon in another process namespace, with the same temporary folder, host name and engine (H1)', async function () {
    await need('unshare', program('unshare')).call(this);
    await need('root', root).call(this);
    const client = new RawClient({ env: daemonEnvironment() });
    await client.initialize();
    const daemon = client.process.pid as number;
    const sessions = await Promise.all(['docker', 'native', 'deno'].map((runtime) => client.request('session/create', { language: 'javascript', runtime })));
    const kept = [folders(daemon), controlGroups(daemon)];
    const place = mkdtempSync(join(tmpdir(), 'hosts-'));
    writeFileSync(join(place, 'x.mjs'), 'console.log("there")');
    const second = ['-p', '-f', '--mount-proc', process.execPath, daemonPath, 'run', join(place, 'x.mjs')];
    for (const runtime of ['docker', 'native']) {
      const { stdout } = await promisify(execFile)('unshare', [...second, '--runtime', runtime], { env: { ...process.env, ...daemonEnvironment() } });
      expect(stdout).to.equal('there\n');
    }
    expect([folders(daemon), controlGroups(daemon)]).to.deep.equal(kept);
    for (const { sessionId } of sessions) {
      const { outcome, exitCode } = await client.request('command/runCode', { sessionId, code: 'console.log("here")' });
      expect({ outcome, exitCode }).to.deep.equal({ outcome: 'exited', exitCode: 0 });
    }
    for (const runtime of runtimes) await tryOut(client, runtime);
    await client.end();
    rmSync(place, { recursive: true });
  });

  it('goes on when somebody has removed its folder (H2)', async () => {
    const client = new RawClient({ env: daemonEnvironment() });
    await client.initialize();
    for (const runtime of runtimes) await tryOut(client, runtime);
    const [folder = ''] = folders(client.process.pid as number);
    rmSync(join(tmpdir(), folder), { recursive: true });
    for (const runtime of runtimes) await tryOut(client, runtime);
    await client.end();
    expect(existsSync(join(tmpdir(), folder))).to.equal(false);
  });

  it('makes the same sandboxes with every umask (H3)', async () => {
    const scores = async (mask: string) => {
      const client = new RawClient({ env: daemonEnvironment(), command: ['sh', '-c', 'umask "$0"; exec "$@"', mask, process.execPath, daemonPath, '--stdio'] });
      await client.initialize();
      const found: number[] = [];
      for (const runtime of runtimes) found.push(await tryOut(client, runtime));
      await client.end();
      return found;
    };
    const usual = await scores('022');
    for (const mask of ['027', '007', '077']) expect(await scores(mask), mask).to.deep.equal(usual);
  });

  for (const variable of ['HOME', 'XDG_CACHE_HOME']) {
    it(`keeps nothing and lives on where $${variable} is in /proc (H5)`, async () => {
      const client = new RawClient({ env: { ...daemonEnvironment(), [variable]: '/proc/nowhere' } });
      await client.initialize();
      expect((await client.request('session/list')).sessions).to.deep.equal([]);
      client.process.stdin?.end();
      expect(await client.exited).to.be.a('number');
    });
  }

  it('works for a user without a home and without a name (H6)', async function () {
    await need('setpriv', program('setpriv')).call(this);
    await need('root', root).call(this);
    const place = mkdtempSync(join(tmpdir(), 'hosts-'));
    const server = fileURLToPath(new URL('../../server/', import.meta.url));
    for (const part of ['bin', 'dist', 'package.json']) cpSync(join(server, part), join(place, part), { recursive: true });
    await promisify(execFile)('chmod', ['-R', 'a+rX', place]);
    const nobody = ['-u', 'HOME', '-u', 'CODEBEAKER_CONFIG', 'setpriv', '--reuid=4711', '--regid=4711', '--clear-groups'];
    const { stdout, stderr } = await promisify(execFile)('env', [...nobody, process.execPath, join(place, 'bin/codebeaker.js'), 'doctor', '--json']);
    expect(stderr).not.to.include('error in CodeBeaker');
    const { runtimes: found } = JSON.parse(stdout) as { runtimes: { id: string; available: boolean }[] };
    expect(found.find(({ id }) => id === 'native')).to.include({ available: true });
    rmSync(place, { recursive: true });
  });
});
