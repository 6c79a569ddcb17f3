/** Frames, taken out of a stream of bytes wherever it was cut. */
import { expect } from 'chai';
import fc from 'fast-check';
import { frame, FrameReader, MAX_PAYLOAD_BYTES, Origin, Type, Writer } from '../../../server/src/runtime/agent/frames.ts';

const SEED = 71;

type Event = { type: number; channel: number; bytes: string } | { channel: number; origin: number; bytes: string };

/** What a reader makes of these pieces. Output that came in parts is put together again. */
function read(pieces: readonly Buffer[]): Event[] {
  const events: Event[] = [];
  const reader = new FrameReader({
    frame: (type, channel, payload) => void events.push({ type, channel, bytes: payload.toString('latin1') }),
    output: (channel, origin, bytes) => {
      const last = events.at(-1);
      if (last && 'origin' in last && last.channel === channel && last.origin === origin) last.bytes += bytes.toString('latin1');
      else events.push({ channel, origin, bytes: bytes.toString('latin1') });
    },
  });
  for (const piece of pieces) reader.feed(piece);
  return events;
}

/** `bytes` in pieces that end at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length));
}

const output = (channel: number, origin: number, bytes: Uint8Array) => frame(Type.output, channel, Buffer.from([origin, ...bytes]));
const channels = fc.integer({ min: 0, max: 0xffff_ffff });
const payloads = fc.uint8Array({ maxLength: 40 });
const whole = fc.tuple(fc.constantFrom(...Object.values(Type).filter((type) => type !== Type.output)), channels, payloads);
const anyFrame = fc.oneof(
  whole.map(([type, channel, payload]) => ({ bytes: frame(type, channel, Buffer.from(payload)) })),
  fc.tuple(channels, fc.constantFrom(...Object.values(Origin)), payloads).map(([channel, origin, bytes]) => ({ bytes: output(channel, origin, bytes) })),
);

describe('frames', () => {
  it('are the same, wherever their stream is cut', () => {
    const property = fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (frames, places) => {
      const bytes = Buffer.concat(frames.map((each) => each.bytes));
      expect(read(cut(bytes, places))).to.deep.equal(read([bytes]));
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('are the same byte by byte', () => {
    const property = fc.property(fc.array(anyFrame, { maxLength: 5 }), (frames) => {
      const bytes = Buffer.concat(frames.map((each) => each.bytes));
      expect(read([...bytes].map((byte) => Buffer.from([byte])))).to.deep.equal(read([bytes]));
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it('have the type, the channel and the payload with which they were made', () => {
    const property = fc.property(fc.array(whole, { maxLength: 8 }), (frames) => {
      const events = read([Buffer.concat(frames.map(([type, channel, payload]) => frame(type, channel, Buffer.from(payload))))]);
      expect(events).to.deep.equal(frames.map(([type, channel, payload]) => ({ type, channel, bytes: Buffer.from(payload).toString('latin1') })));
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  it('with output are passed on as they come, and without a copy', () => {
    const parts: Buffer[] = [];
    const reader = new FrameReader({ frame: () => undefined, output: (_channel, _origin, bytes) => void parts.push(bytes) });
    const bytes = output(7, Origin.stdout, Buffer.alloc(64 * 1024, 'x'));
    reader.feed(bytes.subarray(0, 5));
    reader.feed(bytes.subarray(5, 9));
    expect(parts).to.deep.equal([]);
    const first = bytes.subarray(9, 1000);
    reader.feed(first);
    expect(parts.map(({ length }) => length)).to.deep.equal([990]);
    const rest = Buffer.from(bytes.subarray(1000));
    reader.feed(rest);
    expect(Buffer.concat(parts).toString()).to.equal('x'.repeat(64 * 1024));
    expect(parts.at(-1)?.buffer).to.equal(rest.buffer);
  });

  it('with output of no bytes tell nothing, and what follows is read', () => {
    const bytes = Buffer.concat([output(1, Origin.stdout, Buffer.alloc(0)), frame(Type.gone, 1)]);
    expect(read([bytes])).to.deep.equal([{ type: Type.gone, channel: 1, bytes: '' }]);
  });

  it('that are too long are refused as soon as their length is known', () => {
    const header = (size: number, type: number = Type.done) => Buffer.concat([new Writer().u32(size).u32(1).u8(type).bytes]);
    expect(() => void read([header(MAX_PAYLOAD_BYTES + 1)])).to.throw('too long');
    expect(() => void read([header(0xffff_ffff, Type.output)])).to.throw('too long');
    expect(() => void read([...header(0x8000_0000)].map((byte) => Buffer.from([byte])))).to.throw('too long');
    expect(read([header(MAX_PAYLOAD_BYTES), Buffer.alloc(MAX_PAYLOAD_BYTES)])).to.have.length(1);
  });

  it('are found in any bytes, or refused as too long, and nothing else happens', () => {
    const property = fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (pieces) => {
      try {
        read(pieces.map((piece) => Buffer.from(piece)));
      } catch (fault) {
        expect((fault as Error).message).to.equal('an agent sent a frame that is too long');
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('are little-endian', () => {
    const payload = new Writer().u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d).text(Buffer.from('é')).bytes;
    expect(frame(Type.start, 0x10, payload).toString('hex')).to.equal(['12000000', '10000000', '01', '01', '0302', '07060504', '0d0c0b0a09080000', 'c3a900'].join(''));
  });
});
