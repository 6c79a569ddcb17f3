/** Real daemons of one user count together what they use, also when one of them is killed. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundles, dockerImage, need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { daemonEnvironment, image, until } from './environment.ts';
import { daemonPath, RawClient } from './raw-client.ts';

describe('the usage of two daemons', () => {
  before(need('the daemon', bundles));
  before(need('bubblewrap', bubblewrap));
  before(need('docker', dockerImage(image)));
  let stateDir: string;
  beforeEach(() => (stateDir = mkdtempSync(join(tmpdir(), 'codebeaker-usage-'))));
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  /** A daemon with a session in native. */
  const open = async (config: object) => {
    const client = new RawClient({ env: daemonEnvironment({ stateDir, pool: {}, ...config }) });
    await client.initialize();
    const { sessionId } = await client.request('session/create', { runtime: 'native', language: 'shellscript' });
    return { client, run: (command: string) => client.call('command/executeShell', { sessionId, command }), usage: () => client.request('usage/get') };
  };

  it('is counted together, also what one that was killed has written, and ends at the quota of the day', async () => {
    const config = { quotas: { perDay: { commands: 4 } }, prices: { currency: 'EUR', command: 1 } };
    const [one, two] = await Promise.all([open(config), open(config)]);
    expect((await one.run('i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done')).result.outcome).to.equal('exited');
    await until('the processor time of the other', async () => (await two.usage()).today.cpuSeconds > 0);
    expect((await two.run('echo 1')).result.stdout).to.equal('1\n');
    await until('the command of the other', async () => (await one.usage()).today.commands === 2);
    one.client.process.kill('SIGKILL');
    await one.client.exited;
    expect((await two.run('echo 2')).result.outcome).to.equal('exited');
    expect(await two.client.end()).to.equal(0);

    const three = await open(config);
    const { today, estimatedCost } = await three.usage();
    expect([today.commands, today.sessions, today.outputBytes, estimatedCost]).to.deep.equal([3, 3, 4, { amount: 3, currency: 'EUR' }]);
    expect((await three.run('echo 3')).result.outcome).to.equal('exited');
    expect((await three.run('echo 4')).error?.data).to.include({ kind: 'QuotaExceeded', quota: 'perDay.commands', limit: 4, used: 4 });
    expect(await three.client.end()).to.equal(0);
  });

  it('has as many sessions open as the quota says, and those of a daemon that was killed make room at once', async () => {
    const config = { quotas: { sessions: 2 } };
    const [one, two] = await Promise.all([open(config), open(config)]);
    const create = () => two.client.call('session/create', { runtime: 'native', language: 'shellscript' });
    expect((await create()).error?.data).to.deep.equal({ kind: 'QuotaExceeded', quota: 'sessions', limit: 2, used: 2 });
    one.client.process.kill('SIGKILL');
    await one.client.exited;
    expect((await create()).result.state).to.equal('ready');
    expect((await two.usage()).quotas).to.deep.equal([{ quota: 'sessions', limit: 2, used: 2 }]);
    expect(await two.client.end()).to.equal(0);
  });

  it('cuts the output of a flood where the quota ends, to the byte', async () => {
    const { client, run } = await open({ quotas: { perSession: { outputBytes: 1_234_567 } } });
    expect((await run('yes')).result).to.include({ outcome: 'outputLimit', quota: 'perSession.outputBytes', stdoutBytes: 1_234_567 });
    expect(await client.end()).to.equal(0);
  });

  it('ends programs that spin when the processor time is used up, however it is counted, and no program that waits', async () => {
    const client = new RawClient({ env: daemonEnvironment({ stateDir, quotas: { perSession: { cpuSeconds: 1 } } }) });
    await client.initialize();
    await Promise.all(['docker', 'native'].map(async (runtime) => {
      const { sessionId } = await client.request('session/create', { runtime, language: 'shellscript' });
      expect(await client.request('command/executeShell', { sessionId, command: 'sleep 2' })).to.include({ outcome: 'exited' });
      const { outcome, quota, usage } = await client.request('command/executeShell', { sessionId, command: 'while :; do :; done' });
      expect([outcome, quota], runtime).to.deep.equal(['timedOut', 'perSession.cpuSeconds']);
      expect(usage.cpuMs, runtime).to.be.at.least(900);
      expect((await client.call('command/executeShell', { sessionId, command: 'echo 1' })).error?.data.quota, runtime).to.equal('perSession.cpuSeconds');
    }));
    expect(await client.end()).to.equal(0);
  });

  it('counts what processes have used that nobody waits for', async () => {
    const { client, run, usage } = await open({ quotas: { perDay: { cpuSeconds: 1 } } });
    expect((await run('(while :; do :; done) & sleep 100')).result).to.include({ outcome: 'timedOut', quota: 'perDay.cpuSeconds' });
    await until('their time', async () => (await usage()).today.cpuSeconds >= 0.9);
    expect((await run('echo 1')).error?.data).to.include({ quota: 'perDay.cpuSeconds' });
    expect(await client.end()).to.equal(0);
  });

  it('is shown by codebeaker usage, and what the command line has run is estimated', () => {
    const file = join(stateDir, 'a.sh');
    writeFileSync(file, 'echo hello');
    const { CODEBEAKER_CONFIG } = daemonEnvironment({ stateDir, pool: {} });
    const run = (...args: string[]) => execFileSync(process.execPath, [daemonPath, ...args], { encoding: 'utf8', env: { ...process.env, CODEBEAKER_CONFIG } });
    for (let turn = 0; turn < 2; turn++) expect(run('run', '--runtime', 'native', file)).to.equal('hello\n');
    const { total } = JSON.parse(run('usage', '--json')) as { total: object };
    expect(total).to.include({ commands: 2, sessions: 2, outputBytes: 12 });
    expect(JSON.parse(run('usage', 'estimate', '--json', file))).to.include({ language: 'shellscript', basis: 'program', runs: 2 });
  });
});
