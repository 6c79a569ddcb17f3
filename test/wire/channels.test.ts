/** The data channel: frames wherever they are cut, windows, ends, and clients that misuse it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DataChannel } from '../../server/src/wire/channels/data-channel.ts';
import { DataFrameReader, FrameKind, header, MAX_PAYLOAD_BYTES } from '../../server/src/wire/channels/frames.ts';
import { DATA_WINDOW_BYTES } from '../../server/src/wire/channels/inbound-stream.ts';
import type { DataLink } from '../../server/src/wire/channels/link.ts';
import { nextLoopIteration } from '../../server/src/base/promises.ts';
import { createLog } from '../../server/src/base/log.ts';

type Told = [kind: number, stream: number, payload: string];

function frame(kind: number, stream: number, payload: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([header(kind, stream, bytes.length), bytes]);
}

/** A client in memory. */
class Client implements DataLink {
  readonly sent: Told[] = [];
  closed = 0;
  feed!: (bytes: Buffer) => void;
  leave!: () => void;

  receive(take: (bytes: Buffer) => void, ended: () => void): void {
    this.feed = take;
    this.leave = ended;
  }

  send(bytes: Buffer, payload?: Buffer): Promise<void> {
    this.sent.push([bytes[8] as number, bytes.readUInt32BE(4), payload?.toString('latin1') ?? '']);
    return Promise.resolve();
  }

  close(): void {
    this.closed++;
  }
}

function connected(): { client: Client; channel: DataChannel } {
  const client = new Client();
  return { client, channel: new DataChannel(client, createLog('error', () => undefined)) };
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.toString('latin1');
  return text;
}

const failureOf = (work: Promise<unknown>) => work.then(() => 'nothing failed', (fault: Error) => fault.message);

describe('the frames of the data channel', () => {
  it('are read wherever they are cut', () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(0, 1, 2, 3, 4), fc.nat(2 ** 32 - 1), fc.string({ maxLength: 40 })), { maxLength: 12 });
    fc.assert(fc.property(frames, fc.array(fc.nat(30), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(([kind, stream, text]) => frame(kind, stream, text)));
      const read: Told[] = [];
      const reader = new DataFrameReader({
        data: (stream, piece) => {
          const last = read.at(-1);
          if (last && last[0] === 0 && last[1] === stream) last[2] += piece.toString();
          else read.push([0, stream, piece.toString()]);
        },
        frame: (kind, stream, payload) => void read.push([kind, stream, payload.toString()]),
      });
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = (cuts[turn % cuts.length] as number) + 1;
        reader.feed(bytes.subarray(at, at + size));
        at += size;
      }
      // Frames of data of the same stream, one behind the other, can't be told apart.
      const expected: Told[] = [];
      for (const [kind, stream, text] of sent.filter(([kind, , text]) => kind !== 0 || text !== '')) {
        const last = expected.at(-1);
        if (kind === 0 && last && last[0] === 0 && last[1] === stream) last[2] += text;
        else expected.push([kind, stream, text]);
      }
      expect(read.map(([kind, stream, text]) => [kind, stream, Buffer.from(text).toString('hex')])).to.deep.equal(expected.map(([kind, stream, text]) => [kind, stream, Buffer.from(text).toString('hex')]));
    }));
  });

  it('are refused where they are longer than may be', () => {
    const reader = new DataFrameReader({ data: () => undefined, frame: () => undefined });
    expect(() => reader.feed(header(FrameKind.data, 1, MAX_PAYLOAD_BYTES + 1))).to.throw('may have');
    expect(() => new DataFrameReader({ data: () => undefined, frame: () => undefined }).feed(header(FrameKind.credit, 1, 2 ** 20))).to.throw('may have');
  });
});

describe('a data channel', () => {
  it('gives credit for what was taken, and not for what waits', async () => {
    const { client, channel } = connected();
    const piece = Buffer.alloc(DATA_WINDOW_BYTES / 4);
    for (let sent = 0; sent < 4; sent++) client.feed(frame(FrameKind.data, 7, piece));
    await nextLoopIteration();
    expect(client.sent).to.deep.equal([]);
    const taking = channel.receive(7)[Symbol.asyncIterator]();
    await taking.next();
    await taking.next();
    expect(client.sent).to.deep.equal([[FrameKind.credit, 7, String.fromCharCode(0, 4, 0, 0)]]);
  });

  it('closes where a client sends more than a window, goes on after an end, begins hundreds of streams, or makes no sense', async () => {
    const piece = Buffer.alloc(MAX_PAYLOAD_BYTES);
    const misuses: Record<string, (client: Client) => void> = {
      'more than a window': (client) => {
        for (let sent = 0; sent < 5; sent++) client.feed(frame(FrameKind.data, 1, piece));
      },
      'more after the end': (client) => client.feed(Buffer.concat([frame(FrameKind.end, 1), frame(FrameKind.data, 1, 'x')])),
      'hundreds of streams': (client) => {
        for (let stream = 0; stream < 300; stream++) client.feed(frame(FrameKind.data, stream, 'x'));
      },
      'an unknown kind': (client) => client.feed(frame(9, 1)),
      'a credit without its number': (client) => client.feed(frame(FrameKind.credit, 1, 'xx')),
    };
    for (const [name, misuse] of Object.entries(misuses)) {
      const { client, channel } = connected();
      const waiting = failureOf(textOf(channel.receive(2000)));
      misuse(client);
      expect(client.closed, name).to.equal(1);
      expect(await waiting).to.include('the data channel has closed');
      expect(await failureOf(textOf(channel.receive(3)))).to.include('the data channel has closed');
      const outgoing = channel.send(3);
      await outgoing.send(Buffer.from('x'));
      expect(outgoing.cancelled).to.equal(true);
      client.leave();
      client.feed(frame(FrameKind.data, 1, 'late'));
      expect(client.closed, name).to.equal(1);
    }
  });

  it('sends no more than the window, until it is credited', async () => {
    const { client, channel } = connected();
    const outgoing = channel.send(5);
    let over = false;
    const sending = outgoing.send(Buffer.alloc(DATA_WINDOW_BYTES + 10)).then(() => (over = true));
    await nextLoopIteration();
    expect([over, client.sent.reduce((sum, [, , payload]) => sum + payload.length, 0)]).to.deep.equal([false, DATA_WINDOW_BYTES]);
    client.feed(frame(FrameKind.credit, 5, Buffer.from([0, 0, 0, 10])));
    await sending;
    outgoing.end();
    outgoing.reset();
    expect(client.sent.at(-1)).to.deep.equal([FrameKind.end, 5, '']);
    expect(client.sent.filter(([kind]) => kind !== FrameKind.data)).to.have.length(1);
    channel.send(5).reset();
    expect(client.sent.at(-1)).to.deep.equal([FrameKind.reset, 5, '']);
  });

  it('has a number once at a time in each direction, and again after the end', async () => {
    const { client, channel } = connected();
    const incoming = channel.receive(1);
    expect(() => channel.receive(1)).to.throw('stream 1 is in use');
    const outgoing = channel.send(1);
    expect(() => channel.send(1)).to.throw('stream 1 is in use');
    client.feed(Buffer.concat([frame(FrameKind.data, 1, 'one'), frame(FrameKind.end, 1)]));
    expect(await textOf(incoming)).to.equal('one');
    incoming.close();
    client.feed(Buffer.concat([frame(FrameKind.data, 1, 'two'), frame(FrameKind.end, 1)]));
    expect(await textOf(channel.receive(1))).to.equal('two');
    outgoing.end();
    expect(channel.send(1).cancelled).to.equal(false);
  });

  it('tells a reader of a stream that the client gives up, and drops what comes after a reader has gone', async () => {
    const { client, channel } = connected();
    const incoming = channel.receive(1);
    const failure = failureOf(textOf(incoming));
    client.feed(Buffer.concat([frame(FrameKind.data, 1, 'half'), frame(FrameKind.reset, 1)]));
    expect(await failure).to.include('is not complete: the client has given it up');
    incoming.close();
    const other = channel.receive(1);
    other.close();
    expect(client.sent).to.deep.equal([[FrameKind.stop, 1, '']]);
    for (let sent = 0; sent < 20; sent++) client.feed(frame(FrameKind.data, 1, Buffer.alloc(MAX_PAYLOAD_BYTES)));
    expect(client.closed).to.equal(0);
    client.feed(frame(FrameKind.reset, 1));
    expect(channel.receive(1).claimed).to.equal(true);
  });

  it('tells whoever comes for a stream that it was given up before, and takes its number for another one', async () => {
    const { client, channel } = connected();
    client.feed(Buffer.concat([frame(FrameKind.data, 1, 'half'), frame(FrameKind.reset, 1), frame(FrameKind.reset, 2)]));
    for (const stream of [1, 2]) expect(await failureOf(textOf(channel.receive(stream)))).to.include('the client has given it up');
    client.feed(Buffer.concat([frame(FrameKind.reset, 3), frame(FrameKind.data, 3, 'whole'), frame(FrameKind.end, 3)]));
    expect(await textOf(channel.receive(3))).to.equal('whole');
    for (let stream = 1000; stream < 2000; stream++) client.feed(frame(FrameKind.reset, stream));
    expect(client.closed).to.equal(0);
  });

  it('is stopped by the client in one direction, and goes on in the other with the same number', async () => {
    const { client, channel } = connected();
    const [incoming, outgoing] = [channel.receive(1), channel.send(1)];
    client.feed(Buffer.concat([frame(FrameKind.stop, 1), frame(FrameKind.data, 1, 'x'), frame(FrameKind.end, 1)]));
    expect([outgoing.cancelled, await textOf(incoming)]).to.deep.equal([true, 'x']);
  });
});
