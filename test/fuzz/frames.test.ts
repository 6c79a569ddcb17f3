/** Whatever an agent or an engine sends, the daemon keeps only what was asked for, or ends the connection; nothing throws, and nothing is left waiting. */
import { expect } from 'chai';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { FIRST_ACCEPTED_CHANNEL, frame, Origin, Type } from '../../server/src/runtime/agent/frames.ts';
import { Tunnel } from '../../server/src/runtime/agent/tunnel.ts';
import { Demultiplexer } from '../../server/src/runtime/kinds/docker/demux.ts';
import { followPull, PullProgress } from '../../server/src/runtime/kinds/docker/pull.ts';
import { FakeClock } from '../fakes/clock.ts';
import { connected, isOpen, settled } from '../runtime/agent/scripted.ts';
import { forAWhile, timeoutFor } from './while.ts';

const SHARE = 0.06;

const channel = fc.oneof(fc.nat(6), fc.nat(6).map((at) => FIRST_ACCEPTED_CHANNEL + at), fc.integer({ min: 0, max: 0xffff_ffff }));
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff)).map(([one, other]) => { const bytes = Buffer.alloc(6); bytes.writeUInt32LE(one); bytes.writeUInt16LE(other, 4); return bytes; }),
  fc.tuple(fc.constantFrom(...Object.values(Origin), 9), fc.uint8Array({ maxLength: 300 })).map(([origin, bytes]) => Buffer.from([origin, ...bytes])),
);
const whole = fc.tuple(fc.oneof(fc.constantFrom(...Object.values(Type)), fc.nat(255)), channel, payload).map(([type, number, bytes]) => frame(type, number, Buffer.from(bytes)));
const piece = fc.oneof({ weight: 12, arbitrary: whole }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) });

describe('an agent that sends anything', function () {
  this.timeout(timeoutFor(SHARE));

  it('is heard or let go, and nobody waits for it for ever', async () => {
    await forAWhile(SHARE, fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const { agent, connection, clock } = connected();
      const tunnel = new Tunnel(connection, clock);
      const streams: Promise<unknown>[] = [];
      streams.push(tunnel.connect(80).then((stream) => void stream.on('error', () => undefined).resume().end(), () => undefined));
      streams.push(tunnel.listen(0, (stream) => void stream.on('error', () => undefined).resume().end()).catch(() => undefined));
      for (const bytes of pieces) {
        if (agent.destroyed) break;
        agent.raw(bytes);
        await settled();
      }
      agent.end();
      await settled();
      expect(isOpen(connection)).to.equal(false);
      await Promise.all(streams);
    }));
  });
});

describe('an engine that sends anything', function () {
  this.timeout(timeoutFor(SHARE));

  it('is heard or refused, and no more is kept than a frame', async () => {
    await forAWhile(SHARE / 2, fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (pieces) => {
      let bytes = 0;
      const sent = pieces.reduce((sum, { length }) => sum + length, 0);
      try {
        const demultiplexer = new Demultiplexer((_, chunk) => void (bytes += chunk.length));
        for (const each of pieces) void demultiplexer.feed(Buffer.from(each));
      } catch (fault) {
        expect(fault).to.be.instanceOf(Error);
      }
      expect(bytes).to.be.at.most(sent);
    }));
  });

  it('while it pulls an image is heard or refused in words, and nobody waits for it any more', async () => {
    const clock = new FakeClock();
    const line = fc.oneof(fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)), fc.record({ id: fc.string(), status: fc.constantFrom('Downloading', 'Pull complete'), progressDetail: fc.record({ current: fc.double(), total: fc.double() }) }).map((value) => JSON.stringify(value)), fc.string({ unit: 'binary', maxLength: 30 }));
    const sent = fc.array(fc.oneof(line.map((text) => Buffer.from(`${text}\n`)), fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes))), { maxLength: 12 });
    await forAWhile(SHARE / 3, fc.asyncProperty(sent, fc.boolean(), async (pieces, breaks) => {
      const stream = Readable.from(pieces.map((bytes) => bytes));
      if (breaks) stream.once('data', () => stream.destroy(new Error('the connection broke')));
      const progress = new PullProgress();
      let highest = 0;
      await followPull(stream, clock, new AbortController().signal, (event) => {
        const percentage = progress.add(event);
        if (percentage === undefined) return;
        expect(percentage).to.be.within(highest, 99);
        highest = percentage;
      }).catch((fault: unknown) => expect(fault).to.be.instanceOf(Error).with.property('message').that.is.not.equal(''));
      expect([stream.destroyed, clock.pending]).to.deep.equal([true, 0]);
    }));
  });
});
