/** Docker's frames: cut at any place, empty, impossible, and with a slow sink (F-D3). */
import { expect } from 'chai';
import fc from 'fast-check';
import { Demultiplexer } from '../../../../server/src/runtime/kinds/docker/demux.ts';

const SEED = 73;

interface Frame {
  readonly type: number;
  readonly payload: string;
}

function encode({ type, payload }: Frame): Buffer {
  const bytes = Buffer.from(payload, 'latin1');
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

function header(...bytes: number[]): Buffer {
  return Buffer.from(bytes);
}

/** Joins pieces of the same stream that follow each other, because a frame may arrive in pieces. */
function joined(pieces: readonly (readonly [string, string])[]): [string, string][] {
  const result: [string, string][] = [];
  for (const [stream, text] of pieces) {
    const last = result.at(-1);
    if (last?.[0] === stream) last[1] += text;
    else if (text !== '') result.push([stream, text]);
  }
  return result;
}

const frames = fc.array(
  fc.record({
    type: fc.constantFrom(0, 1, 1, 2, 2),
    payload: fc.oneof(fc.constant(''), fc.string({ maxLength: 20 }).map((text) => Buffer.from(text).toString('latin1'))),
  }),
  { maxLength: 12 },
);

const expected = (list: readonly Frame[]) =>
  joined(list.map(({ type, payload }) => [type === 2 ? 'stderr' : 'stdout', payload] as const));

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('frames of the engine (F-D3)', () => {
  it('are split into their streams wherever the chunks are cut', () => {
    const property = fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), (list, places) => {
      const got: [string, string][] = [];
      const demultiplexer = new Demultiplexer((stream, chunk) => void got.push([stream, chunk.toString('latin1')]));
      for (const chunk of cut(Buffer.concat(list.map(encode)), places)) expect(demultiplexer.feed(chunk)).to.equal(undefined);
      expect(joined(got)).to.deep.equal(expected(list));
      expect(got.every(([, text]) => text.length > 0)).to.equal(true);
    });
    fc.assert(property, { seed: SEED, numRuns: 1000 });
  });

  it('give the same result for a cut at every single place', () => {
    const list = [{ type: 1, payload: 'one' }, { type: 2, payload: '' }, { type: 2, payload: 'two' }, { type: 1, payload: '' }];
    const bytes = Buffer.concat(list.map(encode));
    for (let at = 0; at <= bytes.length; at++) {
      const got: [string, string][] = [];
      const demultiplexer = new Demultiplexer((stream, chunk) => void got.push([stream, chunk.toString()]));
      for (const chunk of [bytes.subarray(0, at), bytes.subarray(at)]) void demultiplexer.feed(chunk);
      expect(joined(got)).to.deep.equal([['stdout', 'one'], ['stderr', 'two']]);
    }
  });

  it('are passed on in order, one piece at a time, while the sink is slow', async () => {
    const property = fc.asyncProperty(frames, fc.array(fc.nat(), { maxLength: 6 }), fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), async (list, places, slow) => {
      const got: [string, string][] = [];
      let inside = 0;
      const demultiplexer = new Demultiplexer((stream, chunk) => {
        expect(inside).to.equal(0);
        got.push([stream, chunk.toString('latin1')]);
        if (!slow[got.length % slow.length]) return undefined;
        inside++;
        return new Promise<void>((resolve) => setImmediate(() => {
          inside--;
          resolve();
        }));
      });
      for (const chunk of cut(Buffer.concat(list.map(encode)), places)) await demultiplexer.feed(chunk);
      expect(inside).to.equal(0);
      expect(joined(got)).to.deep.equal(expected(list));
    });
    await fc.assert(property, { seed: SEED, numRuns: 100 });
  });

  it('fail if the sink fails', async () => {
    const demultiplexer = new Demultiplexer(() => Promise.reject(new Error('full')));
    const fault = await Promise.resolve(demultiplexer.feed(encode({ type: 1, payload: 'x' }))).catch((error: Error) => error.message);
    expect(fault).to.equal('full');
  });

  it('are not copied', () => {
    const bytes = encode({ type: 1, payload: 'x'.repeat(100) });
    void new Demultiplexer((_stream, chunk) => void expect(chunk.buffer).to.equal(bytes.buffer)).feed(bytes);
  });

  const nonsense: Record<string, Buffer> = {
    'a type nobody knows': header(3, 0, 0, 0, 0, 0, 0, 1),
    'text of a terminal': Buffer.from('root@host:/# ls\r\n'),
    'something where zeros belong': header(1, 0, 1, 0, 0, 0, 0, 1),
    'a length beyond all frames': header(1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
    'a length just beyond the maximum': header(2, 0, 0, 0, 1, 0, 0, 1),
  };
  for (const [name, bytes] of Object.entries(nonsense)) {
    it(`are refused if they have ${name}, wherever they are cut`, () => {
      for (let at = 0; at <= 8; at++) {
        const demultiplexer = new Demultiplexer(() => undefined);
        expect(() => {
          void demultiplexer.feed(bytes.subarray(0, at));
          void demultiplexer.feed(bytes.subarray(at));
        }).to.throw('not a Docker stream frame');
      }
    });
  }

  it('are parsed or refused, whatever the bytes are', () => {
    const property = fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (chunks) => {
      let given = 0;
      const demultiplexer = new Demultiplexer((_stream, chunk) => void (given += chunk.length));
      try {
        for (const chunk of chunks) void demultiplexer.feed(Buffer.from(chunk));
      } catch (fault) {
        expect((fault as Error).message).to.equal('not a Docker stream frame');
      }
      expect(given).to.be.at.most(chunks.reduce((sum, { length }) => sum + length, 0));
    });
    fc.assert(property, { seed: SEED, numRuns: 2000 });
  });
});
