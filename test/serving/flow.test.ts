/** Output goes no faster than it is consumed, and nothing waits for ever (protocol section 5). */
import { expect } from 'chai';
import fc from 'fast-check';
import { deferred } from '../../server/src/base/promises.ts';
import { MAX_CHUNK_BYTES, OutputChannel, OutputChannels, WINDOW_BYTES } from '../../server/src/serving/flow.ts';
import type { Client } from '../../server/src/wire/service.ts';
import type { Json } from '../wire/wire.ts';

const CHUNK = 10;

class FakeClient implements Client {
  readonly sent: Json[] = [];
  /** While it is there, the transport is full. */
  full: Promise<void> | undefined;
  readonly capabilities: Client['capabilities'];

  constructor(flowControl: boolean) {
    this.capabilities = flowControl ? { output: { flowControl } } : {};
  }

  async notify(method: { name: string }, params: unknown): Promise<void> {
    this.sent.push({ method: method.name, ...(params as object) });
    await this.full;
  }

  progress = async () => undefined;
  logMessage = async () => undefined;
  logTrace = () => undefined;
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
const chunk = (data: string, bytes = CHUNK) => ({ stream: 'stdout', data, encoding: 'utf-8', bytes }) as const;

/** Starts `count` sends at once, and tells how many have ended. */
function sendMany(channel: OutputChannel, count: number, bytes = CHUNK): { ended: number } {
  const progress = { ended: 0 };
  for (let at = 0; at < count; at += 1) void channel.send(chunk(String(at), bytes)).then(() => (progress.ended += 1));
  return progress;
}

describe('flow control', () => {
  it('has a window that holds several chunks', () => {
    expect([WINDOW_BYTES, MAX_CHUNK_BYTES]).to.deep.equal([1024 * 1024, 64 * 1024]);
  });

  it('numbers chunks from 0 and sends them as they are', async () => {
    const client = new FakeClient(true);
    const channel = new OutputChannel(client, 'c');
    await channel.send({ stream: 'stdout', data: 'a', encoding: 'utf-8', bytes: 1 });
    await channel.send({ stream: 'stderr', data: '/w==', encoding: 'base64', bytes: 1 });
    expect(client.sent).to.deep.equal([
      { method: 'command/output', commandId: 'c', stream: 'stdout', seq: 0, data: 'a', encoding: 'utf-8' },
      { method: 'command/output', commandId: 'c', stream: 'stderr', seq: 1, data: '/w==', encoding: 'base64' },
    ]);
  });

  it('sends no more than the window, and goes on with each ack', async () => {
    const client = new FakeClient(true);
    const channel = new OutputChannel(client, 'c', 3 * CHUNK);
    const progress = sendMany(channel, 10);
    await turn();
    expect([client.sent.length, progress.ended]).to.deep.equal([3, 3]);
    channel.ack(0);
    await turn();
    expect([client.sent.length, progress.ended]).to.deep.equal([4, 4]);
    channel.ack(3);
    await turn();
    expect(client.sent.map(({ seq, data }) => [seq, data])).to.deep.equal(Array.from({ length: 7 }, (_, at) => [at, String(at)]));
    channel.ack(6);
    await turn();
    expect(progress.ended).to.equal(10);
  });

  for (const seq of [-1, 3, 4, 1e9, Number.MAX_SAFE_INTEGER, 0.5, Number.NaN]) {
    it(`ignores the ack of ${seq}, which was never sent`, async () => {
      const client = new FakeClient(true);
      const channel = new OutputChannel(client, 'c', 3 * CHUNK);
      sendMany(channel, 5);
      await turn();
      channel.ack(seq);
      await turn();
      expect(client.sent).to.have.length(3);
      channel.close();
    });
  }

  it('ignores an ack that comes again', async () => {
    const client = new FakeClient(true);
    const channel = new OutputChannel(client, 'c', 2 * CHUNK);
    sendMany(channel, 9);
    await turn();
    for (const seq of [1, 1, 0, 1]) channel.ack(seq);
    await turn();
    expect(client.sent).to.have.length(4);
    channel.close();
  });

  it('lets a chunk through that is larger than the window, alone', async () => {
    const client = new FakeClient(true);
    const channel = new OutputChannel(client, 'c', 5);
    const progress = sendMany(channel, 2, 100);
    await turn();
    expect(client.sent).to.have.length(1);
    channel.ack(0);
    await turn();
    expect(progress.ended).to.equal(2);
  });

  it('has no window without the capability, only a transport that may be full', async () => {
    const client = new FakeClient(false);
    const full = deferred();
    const channel = new OutputChannel(client, 'c', CHUNK);
    client.full = full.promise;
    const progress = sendMany(channel, 5);
    await turn();
    expect([client.sent.length, progress.ended]).to.deep.equal([1, 0]);
    client.full = undefined;
    full.resolve();
    await turn();
    expect([client.sent.length, progress.ended]).to.deep.equal([5, 5]);
  });

  for (const flowControl of [true, false]) {
    it(`releases whoever waits when it closes, ${flowControl ? 'for an ack' : 'for the transport'}`, async () => {
      const client = new FakeClient(flowControl);
      if (!flowControl) client.full = new Promise(() => undefined);
      const channel = new OutputChannel(client, 'c', CHUNK);
      const progress = sendMany(channel, 5);
      await turn();
      channel.close();
      await turn();
      expect([client.sent.length, progress.ended]).to.deep.equal([1, 5]);
      await channel.send(chunk('late'));
      expect(client.sent).to.have.length(1);
    });
  }

  it('never leaves more than the window unacknowledged, whatever is sent and acknowledged', async () => {
    const steps = fc.array(fc.oneof(fc.record({ bytes: fc.integer({ min: 0, max: 40 }) }), fc.record({ ack: fc.integer({ min: -2, max: 40 }) })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const client = new FakeClient(true);
        const channel = new OutputChannel(client, 'c', 40);
        const sizes: number[] = [];
        const waiting: Promise<void>[] = [];
        let acked = -1;
        for (const step of list) {
          if ('bytes' in step) {
            sizes.push(step.bytes);
            waiting.push(channel.send(chunk('', step.bytes)));
          } else {
            if (step.ack < client.sent.length) acked = Math.max(acked, step.ack);
            channel.ack(step.ack);
          }
          await turn();
          const open = sizes.slice(acked + 1, client.sent.length).reduce((sum, bytes) => sum + bytes, 0);
          expect(open).to.be.at.most(40);
        }
        while (client.sent.length < sizes.length || acked < sizes.length - 1) {
          acked = client.sent.length - 1;
          channel.ack(acked);
          await turn();
        }
        await Promise.all(waiting);
        expect(client.sent.map(({ seq }) => seq)).to.deep.equal(sizes.map((_, at) => at));
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});

describe('the channels of a client', () => {
  it('give every ack to its command', async () => {
    const client = new FakeClient(true);
    const channels = new OutputChannels(client, CHUNK);
    const [a, b] = [sendMany(channels.open('a'), 2), sendMany(channels.open('b'), 2)];
    await turn();
    channels.ack({ commandId: 'b', seq: 0 });
    channels.ack({ commandId: 'nobody', seq: 0 });
    channels.ack({ commandId: '__proto__', seq: 0 });
    await turn();
    expect([a.ended, b.ended]).to.deep.equal([1, 2]);
    channels.closeAll();
    await turn();
    expect([a.ended, b.ended]).to.deep.equal([2, 2]);
  });

  it('have one for each command, until it is closed', () => {
    const channels = new OutputChannels(new FakeClient(true));
    const first = channels.open('a');
    expect(() => channels.open('a')).to.throw('still runs').with.property('kind', 'InvalidParams');
    channels.close('a');
    channels.close('a');
    expect(channels.open('a')).not.to.equal(first);
  });
});
