/** Connections to a real daemon that are cut at random points: what a program prints and is sent is neither lost nor doubled. */
import { expect } from 'chai';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { processes } from './environment.ts';
import { Reattaching } from './reattaching.ts';
import { RemoteDaemon } from './remote-daemon.ts';

const MiB = 1024 * 1024;
const SIZE = 100 * MiB;
const params = { language: 'python', runtime: 'native', limits: { outputBytes: 2 * SIZE } };

/** Prints SIZE random bytes, in pieces of many sizes, and writes their digest into a file. */
const prints = `
import hashlib, random, sys
r, h, left = random.Random(7), hashlib.sha256(), ${SIZE}
while left:
    piece = r.randbytes(min(left, r.choice([1, 100, 5000, 70000, 1 << 20])))
    left -= len(piece)
    h.update(piece)
    sys.stdout.buffer.write(piece)
sys.stdout.flush()
open('sum', 'w').write(h.hexdigest())
`;

const reads = `
import hashlib, sys
print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())
`;

describe('a connection that is cut', function () {
  this.timeout(120_000);
  before(need('bubblewrap', bubblewrap));

  let daemon: RemoteDaemon;
  before(async () => void (daemon = await RemoteDaemon.start({ unix: true })));
  after(() => daemon.stop());

  for (const raw of [false, true]) {
    it(`loses and repeats not one byte of 100 MiB, ${raw ? 'on the data channel' : 'as messages'}`, async () => {
      const seed = randomInt(2 ** 31);
      const client = new Reattaching(daemon, seed, raw);
      await client.start(params);
      let result = client.client.request('command/runCode', { sessionId: client.sessionId, code: prints, ...client.output });
      // The request may be cut off before the daemon has it, and then there is no command.
      result.catch(() => undefined);
      await client.hears(1, result);
      let ended = false;
      while (!ended) {
        await client.hears(client.random * 5 * MiB, result);
        if (client.heard.bytes === SIZE) ended = true;
        await client.cut();
        result = client.wait();
        result.catch(() => undefined);
      }
      const { outcome, stdoutBytes } = await result;
      const sum = await client.client.request('command/readFile', { sessionId: client.sessionId, path: 'sum' });
      expect({ outcome, stdoutBytes, bytes: client.heard.bytes, faults: client.heard.faults }, `seed ${seed}`).to.deep.equal({ outcome: 'exited', stdoutBytes: SIZE, bytes: SIZE, faults: [] });
      expect(client.heard.sha256, `seed ${seed}`).to.equal(sum.content);
      expect(client.cuts, `seed ${seed}`).to.be.greaterThan(24);
      expect(client.halfOpen, `seed ${seed}`).to.be.greaterThan(0);
      await client.client.end();
      client.close();
    });
  }

  it('loses and doubles nothing of what is written to a program', async () => {
    const seed = randomInt(2 ** 31);
    const client = new Reattaching(daemon, seed);
    await client.start(params);
    const input = randomBytes(6 * MiB);
    let result = client.client.request('command/runCode', { sessionId: client.sessionId, code: reads, interactive: true, ...client.output });
    result.catch(() => undefined);
    await client.client.request('session/list');
    for (let at = 0; at < input.length; ) {
      const end = at + Math.floor(client.random * 300_000);
      for (; at < Math.min(end, input.length); at += 64 * 1024) {
        client.client.notify('command/input', { commandId: 'c', data: input.subarray(at, at + 64 * 1024).toString('base64'), encoding: 'base64' });
      }
      const [command] = await client.cut();
      at = command.inputBytes;
      result = client.wait();
      result.catch(() => undefined);
    }
    client.client.notify('command/input', { commandId: 'c', data: '', end: true });
    expect(await result, `seed ${seed}`).to.include({ outcome: 'exited', exitCode: 0 });
    expect(client.heard.sha256, `seed ${seed}`).to.equal(createHash('sha256').update(`${createHash('sha256').update(input).digest('hex')}\n`).digest('hex'));
    expect(client.cuts, `seed ${seed}`).to.be.greaterThan(20);
    await client.client.end();
    client.close();
  });

  it('leaves nothing of what nobody takes up again', async () => {
    const mark = `mark-${daemon.pid}-${Date.now()}`;
    const [one, two] = [daemon.client(), daemon.client()];
    const capabilities = { session: { resume: true }, output: { flowControl: true } };
    await Promise.all([one.initialize(capabilities), two.initialize(capabilities)]);
    const { sessionId, resume: { resumeToken } } = await one.request('session/create', { ...params, resume: { graceMs: 300 } });
    const heard = new Promise<void>((resolve) => {
      one.onNotification = ({ method }) => method === 'command/output' && resolve();
    });
    one.request('command/runCode', { sessionId, code: 'import sys, time\nprint(sys.argv[1], flush=True)\ntime.sleep(600)', args: [mark], commandId: 'c' }).catch(() => undefined);
    await heard;
    one.webSocket.terminate();
    for (let turn = 0; turn < 5_000 && processes(mark).length > 0; turn += 1) await two.request('session/list');
    expect(processes(mark)).to.deep.equal([]);
    const { error } = await two.call('session/attach', { sessionId, resumeToken });
    expect(error?.code).to.equal(1001);
    await two.end();
  });
});
