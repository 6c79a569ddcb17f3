/** How a client sees that a missing image is pulled from a real registry. */
import { execFileSync } from 'node:child_process';
import { get } from 'node:http';
import { expect } from 'chai';
import { dockerEngine, need, type Probe } from '../require.ts';
import { containers, daemonEnvironment } from './environment.ts';
import { type Message, RawClient } from './raw-client.ts';

const image = '127.0.0.1:5055/codebeaker/pulled:1';

const registry: Probe = () =>
  new Promise((resolve) => {
    const missing = 'no registry answers; run test/setup/registry.sh as root';
    get('http://127.0.0.1:5055/v2/codebeaker/pulled/tags/list', (reply) => {
      reply.resume();
      resolve(reply.statusCode === 200 ? undefined : missing);
    }).on('error', () => resolve(missing));
  });

describe('an image that is not there', function () {
  this.timeout(120_000);
  before(need('docker', dockerEngine));
  before(need('registry', registry));
  let client: RawClient;
  beforeEach(async () => {
    execFileSync('docker', ['rmi', '-f', image], { stdio: 'ignore' });
    client = new RawClient({ env: daemonEnvironment({ images: { shellscript: image }, allowedImages: [`${image}.missing`] }) });
    await client.initialize();
  });
  afterEach(async () => {
    const pid = client.process.pid as number;
    await client.end();
    expect(containers(pid)).to.deep.equal([]);
  });

  const progress = (): Message[] => client.notifications.filter(({ method }) => method === '$/progress');

  it('is pulled, with percentages that rise', async () => {
    const session = await client.request('session/create', { language: 'shellscript', runtime: 'docker', workDoneToken: 'w' });
    expect(session).to.include({ image, state: 'ready' });
    const values = progress().map(({ params }) => params.value);
    expect(values.map(({ kind }) => kind)).to.include.members(['begin', 'report', 'end']);
    const percentages = values.filter(({ message, percentage }) => message?.startsWith('pulling') && percentage !== undefined).map(({ percentage }) => percentage);
    expect(percentages.length).to.be.greaterThan(2);
    expect(percentages).to.deep.equal([...percentages].sort((a, b) => a - b));
    const { stdout } = await client.request('command/executeShell', { sessionId: session.sessionId, command: 'wc -c < /two' });
    expect(stdout.trim()).to.equal('12000000');
  });

  it('is no longer pulled when nobody wants it', async () => {
    const creating = client.call('session/create', { language: 'shellscript', runtime: 'docker', workDoneToken: 'w' });
    await new Promise<void>((resolve) => {
      client.onNotification = ({ params }) => void (params?.value?.message?.startsWith('pulling') && resolve());
    });
    client.notify('$/cancelRequest', { id: creating.id });
    expect((await creating).error).to.include({ code: -32800 });
    expect(await client.request('session/list')).to.deep.equal({ sessions: [] });
  });

  it('and not in the registry either is an error that says so', async () => {
    const { error } = await client.call('session/create', { language: 'shellscript', runtime: 'docker', image: `${image}.missing` });
    expect(error).to.include({ code: 1010 });
    expect(error?.message).to.match(/pulled:1\.missing is not there and can't be pulled/);
  });
});
