/** A program that prints a lot, and a client that does not keep up with it. */
import { expect } from 'chai';
import { dockerImage, need } from '../require.ts';
import { daemonEnvironment, image, residentBytes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
/** By how many bytes the daemon's resident memory may grow at most. It must not depend on the amount of output. */
const MAX_GROWTH = 32 * MiB;

describe('a program that prints 1 GiB', function () {
  this.timeout(180_000);
  before(need('docker', dockerImage(image)));

  let client: RawClient;
  let pid: number;
  let atRest = 0;
  let peak = 0;
  let watch: NodeJS.Timeout;

  async function twoSessions(capabilities: object) {
    client = new RawClient({ env: daemonEnvironment() });
    await client.initialize(capabilities);
    const [flooding, other] = await Promise.all([1, 2].map(() =>
      client.request('session/create', { language: 'python', runtime: 'docker', limits: { outputBytes: 4 * GiB } })));
    await client.request('command/executeShell', { sessionId: other.sessionId, command: 'true' });
    pid = client.process.pid as number;
    atRest = peak = residentBytes(pid);
    watch = setInterval(() => (peak = Math.max(peak, residentBytes(pid))), 20);
    return [flooding.sessionId, other.sessionId] as const;
  }

  afterEach(async () => {
    clearInterval(watch);
    await client.end();
  });

  it('to a client that acknowledges slowly: memory stays bounded, the other session goes on, and every byte arrives (F-D2, F-D8)', async () => {
    const [flooding, other] = await twoSessions({ output: { flowControl: true } });
    let bytes = 0;
    let unacknowledged = 0;
    let mostUnacknowledged = 0;
    client.onNotification = ({ method, params }) => {
      if (method !== 'command/output') return;
      client.notifications.length = 0;
      bytes += params.data.length;
      unacknowledged += params.data.length;
      mostUnacknowledged = Math.max(mostUnacknowledged, unacknowledged);
      const acknowledge = () => {
        unacknowledged -= params.data.length;
        client.notify('command/ack', { commandId: params.commandId, seq: params.seq });
      };
      if (params.seq % 64 === 0) setTimeout(acknowledge, 2);
      else acknowledge();
    };
    const running = client.request('command/executeShell', { sessionId: flooding, command: 'head -c 1073741824 /dev/zero | tr "\\0" x', commandId: 'flood' });
    for (let turn = 0; turn < 20; turn++) {
      const { stdout } = await client.request('command/executeShell', { sessionId: other, command: `echo ${turn}` });
      expect(stdout).to.equal(`${turn}\n`);
    }
    const result = await running;
    expect(result).to.include({ outcome: 'exited', exitCode: 0, stdoutBytes: GiB, truncated: false });
    expect(bytes).to.equal(GiB);
    expect(mostUnacknowledged).to.be.at.most(MiB);
    expect(peak - atRest).to.be.lessThan(MAX_GROWTH);
  });

  it('to a client that never acknowledges: one window is sent, the other session goes on, and cancelling ends the program (F-D2, F-D8)', async () => {
    const [flooding, other] = await twoSessions({ output: { flowControl: true } });
    let bytes = 0;
    client.onNotification = ({ method, params }) => {
      if (method === 'command/output') bytes += params.data.length;
    };
    const running = client.call('command/executeShell', { sessionId: flooding, command: 'yes', commandId: 'flood' });
    await until('the window is full', () => bytes >= MiB - 64 * 1024);
    for (let turn = 0; turn < 20; turn++) {
      expect(await client.request('command/executeShell', { sessionId: other, command: 'echo on' })).to.include({ stdout: 'on\n' });
    }
    expect(bytes).to.be.at.most(MiB);
    client.notify('$/cancelRequest', { id: running.id });
    expect((await running).result).to.include({ outcome: 'cancelled' });
    expect(peak - atRest).to.be.lessThan(MAX_GROWTH);
  });

  it('to a client without flow control that does not read: memory stays bounded, and everything arrives once it reads', async () => {
    const [flooding, other] = await twoSessions({});
    let bytes = 0;
    client.onNotification = ({ method, params }) => {
      if (method !== 'command/output') return;
      client.notifications.length = 0;
      bytes += params.data.length;
    };
    const running = client.request('command/executeShell', { sessionId: flooding, command: 'head -c 1073741824 /dev/zero | tr "\\0" x', commandId: 'flood' });
    client.process.stdout?.pause();
    const begun = client.request('command/executeShell', { sessionId: other, command: 'echo x > done; cat done' });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(peak - atRest).to.be.lessThan(MAX_GROWTH);
    client.process.stdout?.resume();
    expect(await begun).to.include({ stdout: 'x\n' });
    expect(await running).to.include({ outcome: 'exited', stdoutBytes: GiB });
    expect(bytes).to.equal(GiB);
    expect(peak - atRest).to.be.lessThan(MAX_GROWTH);
  });
});
