/** The targets of output keep characters whole and count correctly (F-D5, F-D8). */
import { expect } from 'chai';
import fc from 'fast-check';
import { deferred } from '../../server/src/base/promises.ts';
import { CollectedOutput, type OutputPiece, StreamedOutput } from '../../server/src/command/output.ts';
import type { TextEncoding } from '../../server/src/protocol/index.ts';
import type { Stream } from '../../server/src/runtime/ports.ts';

const MiB = 1024 * 1024;
const MAX_CHUNK = 64 * 1024;

type Chunk = [stream: Stream, bytes: Buffer];

async function stream(chunks: readonly Chunk[], encoding: TextEncoding = 'utf-8', maxBytes = MAX_CHUNK): Promise<OutputPiece[]> {
  const pieces: OutputPiece[] = [];
  const output = new StreamedOutput(async (piece) => void pieces.push(piece), encoding, maxBytes);
  for (const [name, bytes] of chunks) await output.take(name, bytes);
  await output.flush();
  return pieces;
}

async function collect(chunks: readonly Chunk[], encoding: TextEncoding = 'utf-8') {
  const output = new CollectedOutput(encoding);
  for (const [name, bytes] of chunks) output.take(name, bytes);
  await output.flush();
  return { ...output.result, truncated: output.truncated };
}

const text = (pieces: readonly OutputPiece[], name: Stream = 'stdout') => pieces.filter((piece) => piece.stream === name).map(({ data }) => data).join('');
const cut = (bytes: Buffer, at: readonly number[]): Buffer[] => [0, ...at].map((start, index) => bytes.subarray(start, at[index]));
/** Matches half of a surrogate pair, and U+FFFD, which stands for an incomplete character. */
const broken = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]|\uFFFD/;

describe('streamed output', () => {
  const whole = 'aé€😀👩‍👩‍👧z';
  const bytes = Buffer.from(whole);
  for (let at = 0; at <= bytes.length; at += 1) {
    it(`has whole characters if it arrives in two chunks that are split at byte ${at} (F-D5)`, async () => {
      const pieces = await stream(cut(bytes, [at]).map((piece) => ['stdout', piece]));
      expect(text(pieces)).to.equal(whole);
      for (const { data } of pieces) expect(data).not.to.match(broken);
    });
  }

  it('has whole characters if every byte arrives alone, and with every maximum size (F-D5)', async () => {
    for (const maxBytes of [1, 2, 3, 4, 5, 7]) {
      const pieces = await stream([['stdout', bytes]], 'utf-8', maxBytes);
      expect(text(pieces)).to.equal(whole);
      for (const { data } of pieces) expect(data).not.to.match(broken);
    }
  });

  it('keeps the bytes of an incomplete character of one stream apart from the other stream', async () => {
    const [head, tail] = cut(Buffer.from('😀'), [2]) as [Buffer, Buffer];
    const pieces = await stream([['stdout', head], ['stderr', Buffer.from('é')], ['stdout', tail]]);
    expect(pieces.map(({ stream: name, data }) => [name, data])).to.deep.equal([['stderr', 'é'], ['stdout', '😀']]);
  });

  const invalid: Record<string, [bytes: number[], text: string]> = {
    'an invalid byte': [[0x61, 0xff, 0x62], 'a\uFFFDb'],
    'an incomplete character': [[0x61, 0xf0, 0x9f], 'a\uFFFD'],
    'a continuation byte alone': [[0x80], '\uFFFD'],
    'half of a surrogate pair': [[0xed, 0xa0, 0x80], '\uFFFD\uFFFD\uFFFD'],
    'NUL': [[0], '\0'],
  };
  for (const [name, [raw, expected]] of Object.entries(invalid)) {
    it(`has U+FFFD for bytes that are not valid UTF-8: ${name}`, async () => {
      expect(text(await stream([['stdout', Buffer.from(raw)]]))).to.equal(expected);
      expect((await collect([['stdout', Buffer.from(raw)]])).stdout).to.equal(expected);
    });
  }

  it('contains exactly the bytes if it is base64', () =>
    fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 })), fc.integer({ min: 1, max: 20 }), async (arrays, maxBytes) => {
      const chunks = arrays.map((array) => Buffer.from(array));
      const pieces = await stream(chunks.map((chunk) => ['stderr', chunk]), 'base64', maxBytes);
      expect(Buffer.concat(pieces.map(({ data }) => Buffer.from(data, 'base64'))).equals(Buffer.concat(chunks))).to.equal(true);
      for (const piece of pieces) expect(piece).to.include({ encoding: 'base64' }).and.to.have.property('bytes').that.is.at.most(maxBytes);
    }), { seed: 20_260_122, numRuns: 300 }));

  it('is sent in pieces of at most the maximum size, each after the one before has been taken', async () => {
    const taken = [deferred(), deferred(), deferred()];
    const sizes: number[] = [];
    const output = new StreamedOutput((piece) => (sizes.push(piece.bytes), taken[sizes.length - 1]?.promise ?? Promise.resolve()), 'utf-8', 10);
    const done = output.take('stdout', Buffer.alloc(25, 'x'));
    for (const [at, gate] of taken.entries()) {
      expect(sizes).to.have.lengthOf(at + 1);
      gate.resolve();
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    await done;
    expect(sizes).to.deep.equal([10, 10, 5]);
    expect(output.truncated).to.equal(false);
  });
});

describe('collected output', () => {
  it('is at most 1 MiB of each stream', async () => {
    const chunks: Chunk[] = Array.from({ length: 40 }, () => ['stdout', Buffer.alloc(MAX_CHUNK, 'x')]);
    const result = await collect([...chunks, ['stderr', Buffer.alloc(MiB, 'y')]]);
    expect([result.stdout.length, result.stderr.length, result.truncated]).to.deep.equal([MiB, MiB, true]);
  });

  it('is truncated if it is one byte longer than 1 MiB', async () => {
    expect((await collect([['stdout', Buffer.alloc(MiB)], ['stderr', Buffer.alloc(MiB)]])).truncated).to.equal(false);
    expect((await collect([['stderr', Buffer.alloc(MiB)], ['stderr', Buffer.alloc(1)]])).truncated).to.equal(true);
  });

  it('leaves out a character that does not fit', async () => {
    for (const [extra, count] of [[0, 0], [1, 1], [2, 2], [3, 3]] as const) {
      const result = await collect([['stdout', Buffer.alloc(MiB - count, 'x')], ['stdout', Buffer.from('😀')], ['stderr', Buffer.from('ok')]]);
      expect(result).to.deep.equal({ stdout: 'x'.repeat(MiB - extra), stderr: 'ok', truncated: true });
    }
  });

  it('is copied, so the buffer may be used again', async () => {
    const output = new CollectedOutput('utf-8');
    const buffer = Buffer.from('before');
    output.take('stdout', buffer);
    buffer.write('after!');
    expect(output.result.stdout).to.equal('before');
  });

  it('is stdout if it comes from a terminal', async () => {
    expect(await collect([['pty', Buffer.from('a')], ['pty', Buffer.from('b')]])).to.deep.equal({ stdout: 'ab', stderr: '', truncated: false });
  });

  it('is encoded as a whole if it is base64', async () => {
    const raw = Buffer.from([0xff, 0x00, 0xf0]);
    expect((await collect([['stdout', raw.subarray(0, 1)], ['stdout', raw.subarray(1)]], 'base64')).stdout).to.equal(raw.toString('base64'));
  });
});
