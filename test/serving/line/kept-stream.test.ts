/** Raw output for a client that may be lost: whatever happens to its channels, each byte is there once, and no more than the window is kept. */
import { expect } from 'chai';
import fc from 'fast-check';
import { KeptStream } from '../../../server/src/serving/line/kept-stream.ts';
import { FrameKind } from '../../../server/src/wire/channels/frames.ts';
import { DATA_WINDOW_BYTES } from '../../../server/src/wire/channels/inbound-stream.ts';
import { Outbound } from '../../../server/src/wire/channels/outbound-stream.ts';

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** The end of a channel, with a client that takes what it is told to. */
class Channel {
  outbound: Outbound | undefined;
  readonly #frames: Buffer[] = [];
  #length = 0;
  over: 'end' | 'reset' | undefined;
  #credited = 0;

  readonly open: Parameters<KeptStream['lead']>[0] = (heard) => {
    this.outbound = new Outbound({
      frame: async (kind, payload) => {
        if (kind !== FrameKind.data || !payload) return void (this.over = kind === FrameKind.end ? 'end' : 'reset');
        this.#frames.push(payload);
        this.#length += payload.length;
      },
      gone: () => undefined,
    }, heard);
    return this.outbound;
  };

  get received(): Buffer {
    return Buffer.concat(this.#frames);
  }

  credit(most = Infinity): void {
    const bytes = Math.min(most, this.#length - this.#credited);
    this.#credited += bytes;
    if (bytes > 0) this.outbound?.grant(bytes);
  }
}

const bytes251 = Buffer.from(Array.from({ length: 251 }, (_, index) => index));
const text = (length: number, from = 0) => Buffer.alloc(length, Buffer.concat([bytes251.subarray(from % 251), bytes251.subarray(0, from % 251)]));

describe('raw output for a client that may be lost', () => {
  it('goes on from the offset of the next client, and its end comes after the last byte', async () => {
    const stream = new KeptStream();
    const [one, two] = [new Channel(), new Channel()];
    stream.lead(one.open, 0);
    await stream.send(Buffer.from('abc'));
    one.outbound?.lose();
    await stream.send(Buffer.from('def'));
    stream.end();
    expect([stream.has(0), stream.has(6), stream.has(7), stream.from]).to.deep.equal([true, true, false, 0]);
    stream.lead(two.open, 2);
    await stream.sent();
    await turn();
    expect([one.received.toString(), one.over, two.received.toString(), two.over]).to.deep.equal(['abc', undefined, 'cdef', 'end']);
    expect([stream.has(1), stream.from]).to.deep.equal([false, 2]);
  });

  it('ends in the same turn in which that is said, so that no answer overtakes it', async () => {
    const stream = new KeptStream();
    const channel = new Channel();
    stream.lead(channel.open, 0);
    await stream.send(Buffer.from('abc'));
    stream.end();
    expect(channel.over).to.equal('end');
  });

  it('waits where nobody is there and the window is full', async () => {
    const stream = new KeptStream();
    await stream.send(text(DATA_WINDOW_BYTES));
    let sent = false;
    const sending = stream.send(text(1)).then(() => (sent = true));
    await turn();
    expect([sent, stream.keptBytes]).to.deep.equal([false, DATA_WINDOW_BYTES + 1]);
    const channel = new Channel();
    stream.lead(channel.open, 0);
    await turn();
    expect(sent).to.equal(false);
    channel.credit(1);
    await sending;
  });

  it('is given up where the client wants no more of it, for whoever comes as well', async () => {
    const stream = new KeptStream();
    const [one, two] = [new Channel(), new Channel()];
    stream.lead(one.open, 0);
    await stream.send(Buffer.from('abc'));
    one.outbound?.stop();
    expect([stream.cancelled, stream.keptBytes]).to.deep.equal([true, 0]);
    await stream.send(Buffer.from('def'));
    stream.lead(two.open, 3);
    stream.end();
    await turn();
    expect([two.received.length, two.over]).to.deep.equal([0, 'reset']);
  });

  it('is taken away from a channel that is still there', async () => {
    const stream = new KeptStream();
    const [one, two] = [new Channel(), new Channel()];
    stream.lead(one.open, 0);
    await stream.send(Buffer.from('abc'));
    stream.lead(two.open, 1);
    expect(one.over).to.equal('reset');
    one.outbound?.grant(3);
    one.outbound?.stop();
    await turn();
    expect([two.received.toString(), stream.keptBytes, stream.cancelled]).to.deep.equal(['bc', 2, false]);
  });

  it('waits for another channel where the new one has closed already', async () => {
    const stream = new KeptStream();
    stream.lead((heard) => {
      const outbound = new Outbound({ frame: async () => undefined, gone: () => undefined }, heard);
      outbound.lose();
      return outbound;
    }, 0);
    await stream.send(Buffer.from('abc'));
    const channel = new Channel();
    stream.lead(channel.open, 0);
    await stream.sent();
    expect(channel.received.toString()).to.equal('abc');
  });

  it('has each byte once, whatever is lost when', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const), bytes: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 400_000 })) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('credit' as const), bytes: fc.integer({ min: 1, max: 600_000 }) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), bytes: fc.constant(0) }) },
      // The client has this part of what had arrived and was not credited.
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('lead' as const), bytes: fc.integer({ min: 0, max: 1000 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const stream = new KeptStream();
        const heard: Buffer[] = [];
        let channel = new Channel();
        stream.lead(channel.open, 0);
        let printed = 0;
        let sending: Promise<void> = Promise.resolve();
        const has = () => heard.reduce((sum, { length }) => sum + length, 0);
        /** The client keeps what it has, and takes the rest from the next channel. */
        const lead = (part: number) => {
          const from = has();
          const least = Math.max(0, stream.from - from);
          const kept = Math.max(least, Math.floor((channel.received.length * part) / 1000));
          heard.push(channel.received.subarray(0, kept));
          channel = new Channel();
          expect(stream.has(has())).to.equal(true);
          stream.lead(channel.open, has());
        };
        for (const { kind, bytes } of steps) {
          if (kind === 'send') {
            const piece = text(bytes, printed);
            printed += bytes;
            sending = sending.then(() => stream.send(piece));
          } else if (kind === 'credit') channel.credit(bytes);
          else if (kind === 'lose') channel.outbound?.lose();
          else lead(bytes);
          await turn();
          expect(stream.keptBytes).to.be.at.most(DATA_WINDOW_BYTES + 400_000);
        }
        lead(1000);
        let done = false;
        void sending.then(() => (done = true));
        while (!done) {
          channel.credit();
          await turn();
        }
        stream.end();
        await stream.sent();
        await turn();
        const all = Buffer.concat([...heard, channel.received]);
        expect([all.length, channel.over]).to.deep.equal([printed, 'end']);
        expect(all.equals(text(printed))).to.equal(true);
      }),
      { seed: 11, numRuns: 60 },
    );
  });
});
