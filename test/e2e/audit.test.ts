/** The audit log of real daemons: what they record, what their sudden death leaves, and what they do on a disk that is full. */
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesIn } from '../audit/log-bench.ts';
import { bundles, need, type Probe } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { CommandLine, type Ended } from './command-line.ts';
import { daemonEnvironment, until } from './environment.ts';
import { type Message, RawClient } from './raw-client.ts';

/** Whether this user may make a file system in memory. */
const ownFileSystem: Probe = () => {
  const folder = mkdtempSync(join(tmpdir(), 'codebeaker-mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  if (status === 0) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return status === 0 ? undefined : 'a small file system in memory can\'t be mounted; run as root';
};

/** Whether this user may make files to which can only be appended. */
const appendOnly: Probe = () => {
  const file = join(tmpdir(), `codebeaker-append-${randomUUID()}`);
  writeFileSync(file, '');
  const { status } = spawnSync('chattr', ['+a', file]);
  spawnSync('chattr', ['-a', file]);
  rmSync(file);
  return status === 0 ? undefined : 'files can\'t be made append-only; run as root, with e2fsprogs and a file system that has the attribute';
};

describe('the audit log of a real daemon', () => {
  before(need('the build', bundles));
  before(need('bubblewrap', bubblewrap));
  let stateDir = '';
  beforeEach(() => (stateDir = mkdtempSync(join(realpathSync(tmpdir()), 'codebeaker-audit-'))));
  const started: RawClient[] = [];
  afterEach(async () => {
    for (const { process: daemon, exited } of started.splice(0)) {
      daemon.kill('SIGKILL');
      await exited;
    }
    rmSync(stateDir, { recursive: true, force: true });
  });

  const start = async (audit: object = {}, capabilities: object = {}): Promise<RawClient> => {
    const client = new RawClient({ env: daemonEnvironment({ stateDir, audit }) });
    started.push(client);
    expect((await client.initialize(capabilities)).capabilities.audit).to.deep.equal({});
    return client;
  };
  const command = async (words: readonly string[], audit: object = {}): Promise<Ended> => new CommandLine(['audit', ...words], { config: { stateDir, audit } }).ended;
  const intact = async () => {
    const { code, stdout } = await command(['verify']);
    expect(code, stdout.toString()).to.equal(0);
  };
  const session = async (client: RawClient): Promise<string> => (await client.request('session/create', { language: 'shellscript', runtime: 'native' })).sessionId;
  const segments = () => filesIn(join(stateDir, 'audit'));

  it('has a record of a command, which the command line shows and verifies; one that is changed is found', async () => {
    const impatient = new RawClient({ env: daemonEnvironment({ stateDir }) });
    expect((await impatient.call('initialize', { processId: null, capabilities: {}, initializationOptions: { docker: { host: 'tcp://elsewhere' } } })).error?.data).to.deep.include({ kind: 'PolicyDenied' });
    await impatient.end();
    const denials = JSON.parse((await command(['show', '--json', '--kind', 'denial'])).stdout.toString()).records as { method: string; error: string }[];
    expect(denials.map(({ method, error }) => [method, error])).to.deep.equal([['initialize', 'PolicyDenied'], ['shutdown', 'ServerNotInitialized']]);
    rmSync(join(stateDir, 'audit'), { recursive: true });
    rmSync(join(stateDir, 'audit-heads'), { recursive: true });
    const client = await start();
    const sessionId = await session(client);
    await client.request('command/executeShell', { sessionId, command: 'exit 3' });
    await client.end();
    const intact = await command(['verify']);
    expect([intact.code, intact.stderr, intact.stdout.toString()]).to.satisfy(([code, stderr, stdout]: [number, string, string]) => code === 0 && stderr === '' && /^\d+ records in 1 file in .*: everything is as it was written\n$/.test(stdout), JSON.stringify(intact));
    const { records } = JSON.parse((await command(['show', '--json', '--since', '1h', '--session', sessionId, '--kind', 'command'])).stdout.toString());
    // A call that takes longer than a twentieth of a second has two.
    expect(records.map(({ event, method, call }: Record<string, unknown>) => [event, method, call])).to.be.deep.oneOf([
      [['done', 'command/executeShell', records[0].call]],
      ['began', 'ended'].map((event) => [event, 'command/executeShell', records[0].call]),
    ]);
    expect(records.at(-1)).to.deep.include({ outcome: 'exited', exitCode: 3 });
    const shown = (await command(['show', '--kind', 'session'])).stdout.toString();
    expect(shown).to.match(/^\S+Z {2}session {2}made {7}[0-9a-f]{16} {2}runtime=native/m).and.to.contain('reason=');
    const [path = ''] = segments();
    writeFileSync(path, readFileSync(path, 'utf8').replace('"exitCode":3', '"exitCode":0'));
    const changed = await command(['verify']);
    expect([changed.code, changed.stdout.toString()]).to.satisfy(([code, text]: [number, string]) => code === 1 && text.includes(`wrong: ${path}, line `) && text.includes('this record was changed'), JSON.stringify(changed));
    expect(JSON.parse((await command(['verify', '--json'])).stdout.toString())).to.deep.include({ intact: false, segments: 1 });
  });

  it('has a record of calls that reach nothing, also before initialize', async () => {
    const client = new RawClient({ env: daemonEnvironment({ stateDir }) });
    started.push(client);
    await client.request('session/list').catch(() => undefined);
    await client.initialize();
    for (let turn = 0; turn < 3; turn++) await client.request('none').catch(() => undefined);
    await client.end();
    await intact();
    const { records } = JSON.parse((await command(['show', '--json', '--kind', 'denial'])).stdout.toString());
    expect(records.map(({ method, error, times }: Record<string, unknown>) => [method, error, times])).to.deep.equal([['session/list', 'ServerNotInitialized', undefined], ['none', 'MethodNotFound', undefined], ['none', 'MethodNotFound', 3]]);
  });

  it('can be checked by the few lines of Python in docs/audit.md', async () => {
    const client = await start();
    await session(client);
    await client.end();
    const [, script = ''] = /```python\n([^]*?)```/.exec(readFileSync(new URL('../../docs/audit.md', import.meta.url), 'utf8')) ?? [];
    const [path = ''] = segments();
    const check = () => spawnSync('/usr/bin/python3', ['-c', script, path.slice(-41, -6), path], { encoding: 'utf8' });
    const [head = ''] = readFileSync(filesIn(join(stateDir, 'audit-heads'))[0] ?? '', 'utf8').trimEnd().split('\n').slice(-1);
    expect(check().stdout.trim()).to.equal(JSON.parse(head).hash);
    writeFileSync(path, readFileSync(path, 'utf8').replace('native', 'nativ3'));
    expect(check().status).to.equal(1);
  });

  it('is not kept if the configuration says so', async () => {
    const client = new RawClient({ env: daemonEnvironment({ stateDir, audit: { enabled: false } }) });
    expect((await client.initialize()).capabilities).not.to.have.any.keys('audit');
    await session(client);
    await client.end();
    expect(segments()).to.deep.equal([]);
    const { code, stdout } = await command(['verify']);
    expect([code, stdout.toString()]).to.deep.equal([0, `there is no audit log in ${join(stateDir, 'audit')}\n`]);
    expect((await command(['show'])).stdout.toString()).to.match(/^nothing was recorded since /);
  });

  it('is as it was written after kill -9 of daemons that write, and while others write on', async () => {
    const other = await start();
    const otherSession = await session(other);
    for (let round = 0; round < 4; round += 1) {
      const client = await start({ rotateBytes: 65_536 });
      const sessionId = await session(client);
      let answered = 0;
      const storm = async () => {
        for (;;) {
          const { error } = await client.call('command/writeFile', { sessionId, path: `file ${answered}`, content: 'x'.repeat(100) });
          if (error) return;
          answered += 1;
        }
      };
      const storms = Promise.all([storm(), storm(), storm()]);
      void other.call('command/writeFile', { sessionId: otherSession, path: 'mine', content: '' });
      await until('some files are written', () => answered > 150 * (round + 1));
      await intact();
      client.process.kill('SIGKILL');
      await client.exited;
      await storms;
      await intact();
      const { records } = JSON.parse((await command(['show', '--json', '--session', sessionId, '--kind', 'file'])).stdout.toString());
      // What was recorded in the last twentieth of a second may be missing.
      expect(records.length).to.be.greaterThan(0);
    }
    await other.end();
    await intact();
  });

  it('has its heads where the configuration says, also in a file to which can only be appended', async function () {
    await need('append-only files', appendOnly).call(this);
    const anchor = join(stateDir, 'heads');
    writeFileSync(anchor, '');
    execFileSync('chattr', ['+a', anchor]);
    try {
      for (let daemon = 0; daemon < 2; daemon += 1) {
        const client = await start({ anchor });
        await session(client);
        await client.end();
      }
      expect((await command(['verify'], { anchor })).code).to.equal(0);
      expect(() => writeFileSync(anchor, '')).to.throw('EPERM');
      rmSync(segments().at(-1) ?? '');
      const { code, stdout } = await command(['verify'], { anchor });
      expect([code, stdout.toString()]).to.satisfy(([exit, text]: [number, string]) => exit === 1 && text.includes('the whole segment is missing'), stdout.toString());
    } finally {
      execFileSync('chattr', ['-a', anchor]);
    }
  });

  describe('on a small disk', () => {
    before(need('a file system in memory', ownFileSystem));
    let disk = '';
    beforeEach(() => {
      disk = join(stateDir, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=0700', 'tmpfs', disk]);
    });
    afterEach(() => execFileSync('umount', ['-l', disk]));

    const fill = () => {
      const file = join(disk, 'ballast');
      let size = 1024 * 1024;
      for (; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
        } catch {
          // There is no room for so much.
        }
      }
      return () => rmSync(file);
    };
    const on = (audit: object) => new RawClient({ env: daemonEnvironment({ stateDir: disk, audit }) });
    const verified = async () => new CommandLine(['audit', 'verify'], { config: { stateDir: disk } }).ended;

    it('that is full work goes on, the person is told, and what was done is recorded later', async () => {
      const client = on({});
      await client.initialize({ window: { showMessage: {} } });
      const sessionId = await session(client);
      await client.request('command/executeShell', { sessionId, command: 'true' });
      const free = fill();
      const told = () => client.notifications.filter(({ method }: Message) => method === 'window/showMessage').map(({ params }) => params.message);
      for (let at = 0; at < 60; at += 1) expect((await client.request('command/executeShell', { sessionId, command: `echo ${'x'.repeat(2000)}` })).exitCode).to.equal(0);
      await until('the person is told', async () => {
        await client.request('command/writeFile', { sessionId, path: 'x'.repeat(200), content: '' });
        return told().length > 0;
      });
      expect(told()).to.deep.equal(["CodeBeaker can't write its audit log: the disk is full (ENOSPC). Until that is mended, work goes on without being recorded."]);
      expect((await verified()).code).to.equal(0);
      free();
      await client.end();
      const { code, stdout } = await verified();
      const shown = await new CommandLine(['audit', 'show', '--json', '--kind', 'command'], { config: { stateDir: disk } }).ended;
      const calls = new Set((JSON.parse(shown.stdout.toString()).records as { call: number }[]).map(({ call }) => call));
      expect([code, calls.size], stdout.toString()).to.deep.equal([0, 61]);
    });

    it('that is full nothing begins, if the configuration says so', async () => {
      const client = on({ onFailure: 'refuse' });
      await client.initialize();
      const sessionId = await session(client);
      const free = fill();
      await until('commands are refused', async () => (await client.call('command/executeShell', { sessionId, command: 'true' })).error?.code === 1032);
      const { error } = await client.call('command/executeShell', { sessionId, command: 'touch /workspace/ran' });
      expect([error?.data.rule, error?.message]).to.deep.equal(['audit.onFailure', "nothing may begin that can't be recorded, and the audit log can't be written: the disk is full (ENOSPC); mend that, or set audit.onFailure to continue in the configuration file"]);
      free();
      const { stdout } = await client.request('command/executeShell', { sessionId, command: 'ls /workspace' });
      expect(stdout).to.equal('');
      await client.end();
      expect((await verified()).code).to.equal(0);
    });
  });
});
