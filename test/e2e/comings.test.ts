/** The Docker engine stops while the daemon runs, and starts again: clients are notified, and only the sessions in Docker are lost. */
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerImage, need, npmPackage } from '../require.ts';
import { containers, daemonEnvironment, folders, image, until } from './environment.ts';
import { EngineProxy } from './engine-proxy.ts';
import { RawClient } from './raw-client.ts';

describe('an engine that stops and starts', () => {
  before(need('docker', dockerImage(image)));
  before(need('deno', npmPackage('deno')));

  let folder: string;
  let proxy: EngineProxy;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    proxy = new EngineProxy(folder);
  });
  afterEach(async () => {
    client?.process.kill();
    await proxy.cut();
    rmSync(folder, { recursive: true, force: true });
  });

  let client: RawClient;
  const start = () => (client = new RawClient({ env: daemonEnvironment({ docker: { host: `unix://${proxy.path}` } }) }));
  const infoOf = (runtimes: any[]) => runtimes.find(({ id }) => id === 'docker');
  const changes = (client: RawClient) => client.notifications.filter(({ method }) => method === 'runtime/changed').map(({ params }) => infoOf(params.runtimes).available as boolean);
  const session = async (client: RawClient, runtime: string) =>
    (await client.request('session/create', { language: 'javascript', runtime })).sessionId as string;
  const hello = async (client: RawClient, sessionId: string) =>
    (await client.request('command/runCode', { sessionId, code: 'console.log(1 + 1)' })).stdout as string;

  it('is reported to the client: its sessions are lost, others go on, and new ones can be created when it is back (F-C4, F-C5)', async () => {
    await proxy.open();
    start();
    const { capabilities } = await client.initialize({ session: { stateChanged: true } });
    expect(infoOf(capabilities.runtimes).available).to.equal(true);
    const [inDocker, inDeno] = [await session(client, 'docker'), await session(client, 'deno')];
    expect([await hello(client, inDocker), await hello(client, inDeno)]).to.deep.equal(['2\n', '2\n']);
    const required = { language: 'javascript', requirements: { runtimes: ['docker', 'bun'] }, preference: 'security' };
    expect((await client.request('runtime/select', required)).runtime).to.equal('docker');

    await proxy.cut();
    await until('the client is notified that the engine has gone', () => changes(client).at(-1) === false);
    await until('its session is lost', () => client.notifications.some(({ params }) => params?.sessionId === inDocker && params.reason === 'sandboxLost' && params.state === 'closed'));
    const lost = await client.call('command/executeShell', { sessionId: inDocker, command: 'true' });
    expect([lost.error?.code, lost.error?.data.reason]).to.deep.equal([1002, 'sandboxLost']);
    expect(await hello(client, inDeno)).to.equal('2\n');
    expect(infoOf((await client.request('runtime/list')).runtimes)).to.include({ available: false }).and.to.have.property('reason');
    expect((await client.request('runtime/select', { language: 'javascript', preference: 'security' })).runtime).to.equal('deno');
    const refused = await client.call('session/create', { language: 'python', runtime: 'docker' });
    expect([refused.error?.code, refused.error?.data.candidates.find(({ runtime }: { runtime: string }) => runtime === 'docker').eligible]).to.deep.equal([1010, false]);

    await proxy.open();
    await until('the client is notified that the engine is back', () => changes(client).at(-1) === true);
    expect(await hello(client, await session(client, 'docker'))).to.equal('2\n');
    expect(await hello(client, inDeno)).to.equal('2\n');
    const { process: { pid } } = client;
    expect(await client.end()).to.equal(0);
    await until('nothing is left', () => containers(pid).length === 0 && folders(pid as number).length === 0);
    expect(client.stderr).to.equal('');
  });

  it('is found if it starts after the daemon, and the daemon can exit while it waits for the engine', async () => {
    start();
    const { capabilities } = await client.initialize();
    expect(infoOf(capabilities.runtimes).available).to.equal(false);
    await proxy.open();
    await until('the client is notified that the engine is there', () => changes(client).at(-1) === true);
    await proxy.cut();
    await until('the client is notified that the engine has gone', () => changes(client).at(-1) === false);
    expect(await client.end()).to.equal(0);
  });
});

describe('a daemon that remembers an earlier start', () => {
  before(need('deno', npmPackage('deno')));

  it('answers with the runtimes that it remembers, and notifies the client of what has changed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    const proxy = new EngineProxy(folder);
    const env = daemonEnvironment({ stateDir: join(folder, 'state'), docker: { host: `unix://${proxy.path}` } });
    const docker = (runtimes: any[]) => runtimes.find(({ id }) => id === 'docker').available;
    try {
      await proxy.open();
      const first = new RawClient({ env });
      const there = docker((await first.initialize()).capabilities.runtimes);
      await first.end();
      await proxy.cut();
      const second = new RawClient({ env });
      const { capabilities } = await second.initialize();
      expect([docker(capabilities.runtimes), capabilities.runtimes.find(({ id }: { id: string }) => id === 'deno').available]).to.deep.equal([there, true]);
      const told = () => second.notifications.filter(({ method }) => method === 'runtime/changed').map(({ params }) => docker(params.runtimes));
      await until('the client is notified that the engine has gone', () => !there || told().at(-1) === false);
      expect((await second.request('session/create', { language: 'typescript' })).runtime).not.to.equal('docker');
      expect([await second.end(), second.stderr]).to.deep.equal([0, '']);
    } finally {
      await proxy.cut();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
