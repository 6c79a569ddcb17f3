/** Output is sent no faster than the client consumes it, and no sender waits for ever. */
import { expect } from 'chai';
import fc from 'fast-check';
import { deferred } from '../../server/src/base/promises.ts';
import { MAX_CHUNK_BYTES, OutputFlow, OutputFlows, WINDOW_BYTES } from '../../server/src/serving/flow.ts';
import type { Client } from '../../server/src/wire/service.ts';
import type { Json } from '../wire/wire.ts';

const CHUNK = 10;

class FakeClient implements Client {
  readonly sent: Json[] = [];
  /** While it is defined, the transport is full. */
  full: Promise<void> | undefined;
  readonly capabilities: Client['capabilities'];

  constructor(flowControl: boolean) {
    this.capabilities = flowControl ? { output: { flowControl } } : {};
  }

  async notify(method: { name: string }, params: unknown): Promise<void> {
    this.sent.push({ method: method.name, ...(params as object) });
    await this.full;
  }

  request = () => Promise.reject(new Error('nobody asks anything'));
  progress = async () => undefined;
  logMessage = async () => undefined;
  showMessage = async () => undefined;
  logTrace = () => undefined;
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
const chunk = (data: string, bytes = CHUNK) => ({ stream: 'stdout', data, encoding: 'utf-8', bytes }) as const;

/** Starts `count` sends at once, and counts how many have ended. */
function sendMany(flow: OutputFlow, count: number, bytes = CHUNK): { ended: number } {
  const progress = { ended: 0 };
  for (let at = 0; at < count; at += 1) void flow.send(chunk(String(at), bytes)).then(() => (progress.ended += 1));
  return progress;
}

describe('flow control', () => {
  it('has a window of several chunks', () => {
    expect([WINDOW_BYTES, MAX_CHUNK_BYTES]).to.deep.equal([1024 * 1024, 64 * 1024]);
  });

  it('numbers chunks from 0 and sends them unchanged', async () => {
    const client = new FakeClient(true);
    const flow = new OutputFlow(client, 'c');
    await flow.send({ stream: 'stdout', data: 'a', encoding: 'utf-8', bytes: 1 });
    await flow.send({ stream: 'stderr', data: '/w==', encoding: 'base64', bytes: 1 });
    expect(client.sent).to.deep.equal([
      { method: 'command/output', commandId: 'c', stream: 'stdout', seq: 0, data: 'a', encoding: 'utf-8' },
      { method: 'command/output', commandId: 'c', stream: 'stderr', seq: 1, data: '/w==', encoding: 'base64' },
    ]);
  });

  it('sends no more than the window, and goes on with each ack', async () => {
    const client = new FakeClient(true);
    const flow = new OutputFlow(client, 'c', { windowBytes: 3 * CHUNK });
    const progress = sendMany(flow, 10);
    await turn();
    expect([client.sent.length, progress.ended]).to.deep.equal([3, 3]);
    flow.ack(0);
    await turn();
    expect([client.sent.length, progress.ended]).to.deep.equal([4, 4]);
    flow.ack(3);
    await turn();
    expect(client.sent.map(({ seq, data }) => [seq, data])).to.deep.equal(Array.from({ length: 7 }, (_, at) => [at, String(at)]));
    flow.ack(6);
    await turn();
    expect(progress.ended).to.equal(10);
  });

  for (const seq of [-1, 3, 4, 1e9, Number.MAX_SAFE_INTEGER, 0.5, Number.NaN]) {
    it(`ignores the ack of ${seq}, which was never sent`, async () => {
      const client = new FakeClient(true);
      const flow = new OutputFlow(client, 'c', { windowBytes: 3 * CHUNK });
      sendMany(flow, 5);
      await turn();
      flow.ack(seq);
      await turn();
      expect(client.sent).to.have.length(3);
      flow.close();
    });
  }

  it('ignores a repeated ack', async () => {
    const client = new FakeClient(true);
    const flow = new OutputFlow(client, 'c', { windowBytes: 2 * CHUNK });
    sendMany(flow, 9);
    await turn();
    for (const seq of [1, 1, 0, 1]) flow.ack(seq);
    await turn();
    expect(client.sent).to.have.length(4);
    flow.close();
  });

  it('sends a chunk that is larger than the window when no other is unacknowledged', async () => {
    const client = new FakeClient(true);
    const flow = new OutputFlow(client, 'c', { windowBytes: 5 });
    const progress = sendMany(flow, 2, 100);
    await turn();
    expect(client.sent).to.have.length(1);
    flow.ack(0);
    await turn();
    expect(progress.ended).to.equal(2);
  });

  it('has no window without the capability, and waits only for the transport', async () => {
    const client = new FakeClient(false);
    const full = deferred();
    const flow = new OutputFlow(client, 'c', { windowBytes: CHUNK });
    client.full = full.promise;
    const progress = sendMany(flow, 5);
    await turn();
    expect([client.sent.length, progress.ended]).to.deep.equal([1, 0]);
    client.full = undefined;
    full.resolve();
    await turn();
    expect([client.sent.length, progress.ended]).to.deep.equal([5, 5]);
  });

  for (const flowControl of [true, false]) {
    it(`lets senders that wait ${flowControl ? 'for an ack' : 'for the transport'} go on when it closes`, async () => {
      const client = new FakeClient(flowControl);
      if (!flowControl) client.full = new Promise(() => undefined);
      const flow = new OutputFlow(client, 'c', { windowBytes: CHUNK });
      const progress = sendMany(flow, 5);
      await turn();
      flow.close();
      await turn();
      expect([client.sent.length, progress.ended]).to.deep.equal([1, 5]);
      await flow.send(chunk('late'));
      expect(client.sent).to.have.length(1);
    });
  }

  it('never leaves more than the window unacknowledged, whatever is sent and acknowledged', async () => {
    const steps = fc.array(fc.oneof(fc.record({ bytes: fc.integer({ min: 0, max: 40 }) }), fc.record({ ack: fc.integer({ min: -2, max: 40 }) })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const client = new FakeClient(true);
        const flow = new OutputFlow(client, 'c', { windowBytes: 40 });
        const sizes: number[] = [];
        const waiting: Promise<void>[] = [];
        let acked = -1;
        for (const step of list) {
          if ('bytes' in step) {
            sizes.push(step.bytes);
            waiting.push(flow.send(chunk('', step.bytes)));
          } else {
            if (step.ack < client.sent.length) acked = Math.max(acked, step.ack);
            flow.ack(step.ack);
          }
          await turn();
          const open = sizes.slice(acked + 1, client.sent.length).reduce((sum, bytes) => sum + bytes, 0);
          expect(open).to.be.at.most(40);
        }
        while (client.sent.length < sizes.length || acked < sizes.length - 1) {
          acked = client.sent.length - 1;
          flow.ack(acked);
          await turn();
        }
        await Promise.all(waiting);
        expect(client.sent.map(({ seq }) => seq)).to.deep.equal(sizes.map((_, at) => at));
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});

describe('output for a client that may be lost', () => {
  it('is sent again, unchanged and before anything else, from what was not acknowledged', async () => {
    const client = new FakeClient(true);
    const flow = new OutputFlow(client, 'c', { windowBytes: 3 * CHUNK, keeps: true });
    const progress = sendMany(flow, 5);
    await turn();
    flow.ack(0);
    await turn();
    const before = client.sent.splice(0);
    expect([flow.firstKept, flow.nextSeq, flow.keptBytes, progress.ended]).to.deep.equal([1, 4, 30, 4]);
    flow.resume();
    expect(client.sent).to.deep.equal(before.slice(1));
    flow.ack(3);
    await turn();
    expect(client.sent.map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4]);
  });

  it('stays when the command has ended, until it is acknowledged or given up', async () => {
    const client = new FakeClient(true);
    const flow = new OutputFlow(client, 'c', { keeps: true });
    sendMany(flow, 2);
    await turn();
    flow.end();
    flow.resume();
    expect(client.sent.map(({ seq }) => seq)).to.deep.equal([0, 1, 0, 1]);
    flow.ack(0);
    expect(flow.keptBytes).to.equal(CHUNK);
    flow.close();
    flow.resume();
    expect([flow.keptBytes, client.sent.length]).to.deep.equal([0, 4]);
  });

  it('is not kept where nobody comes back', async () => {
    const client = new FakeClient(true);
    const flow = new OutputFlow(client, 'c');
    sendMany(flow, 2);
    await turn();
    flow.resume();
    expect(client.sent).to.have.lengthOf(2);
    flow.end();
    expect(flow.keptBytes).to.equal(0);
  });
});

describe('the flows of a client', () => {
  it('pass every ack to the flow of its command', async () => {
    const client = new FakeClient(true);
    const flows = new OutputFlows();
    const open = (id: string) => flows.add(id, new OutputFlow(client, id, { windowBytes: CHUNK }));
    const [a, b] = [sendMany(open('a'), 2), sendMany(open('b'), 2)];
    await turn();
    flows.ack({ commandId: 'b', seq: 0 });
    flows.ack({ commandId: 'nobody', seq: 0 });
    flows.ack({ commandId: '__proto__', seq: 0 });
    await turn();
    expect([a.ended, b.ended]).to.deep.equal([1, 2]);
    flows.closeAll();
    await turn();
    expect([a.ended, b.ended]).to.deep.equal([2, 2]);
  });

  it('remove a flow, and not another that has its id by now', async () => {
    const client = new FakeClient(true);
    const flows = new OutputFlows();
    const [first, second] = [new OutputFlow(client, 'a', { windowBytes: CHUNK }), new OutputFlow(client, 'a', { windowBytes: CHUNK })];
    flows.add('a', first);
    flows.add('a', second);
    flows.remove('a', first);
    const sent = sendMany(second, 2);
    await turn();
    flows.ack({ commandId: 'a', seq: 0 });
    await turn();
    expect(sent.ended).to.equal(2);
  });
});
