/** The SHA-256 of content in pieces: small content, and content that a thread digests. */
import { expect } from 'chai';
import { createHash, randomBytes } from 'node:crypto';
import { Sha256 } from '../../server/src/base/sha256.ts';

const MiB = 1024 * 1024;
const direct = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** In pieces of this size, each in a buffer that is overwritten as soon as it was taken. */
async function digestOf(content: Buffer, pieceBytes: number): Promise<string> {
  const digest = new Sha256();
  const piece = Buffer.alloc(pieceBytes);
  for (let at = 0; at < content.length; at += pieceBytes) {
    const size = content.copy(piece, 0, at);
    await digest.update(piece.subarray(0, size));
    piece.fill(0);
  }
  return digest.digest();
}

describe('the SHA-256 of content in pieces', () => {
  // The thread does not keep the process alive, and nothing else does here.
  let alive: NodeJS.Timeout;
  before(() => (alive = setInterval(() => undefined, 1_000)));
  after(() => clearInterval(alive));

  for (const size of [0, 1, MiB / 2 - 1, MiB / 2, MiB / 2 + 1, MiB, 5 * MiB + 7]) {
    it(`is the same as that of the whole: ${size} bytes`, async () => {
      const content = randomBytes(size);
      for (const pieceBytes of [65_527, 3 * MiB]) expect(await digestOf(content, pieceBytes)).to.equal(direct(content));
    });
  }

  it('is right for several contents at the same time, also where others are given up', async () => {
    const contents = Array.from({ length: 8 }, (_, at) => randomBytes(MiB + at));
    const given = await Promise.all(contents.map(async (content, at) => {
      if (at % 4 !== 3) return digestOf(content, 100_000);
      const digest = new Sha256();
      await digest.update(content);
      digest.close();
      digest.close();
      return undefined;
    }));
    expect(given).to.deep.equal(contents.map((content, at) => (at % 4 === 3 ? undefined : direct(content))));
  });

  it('is made while the event loop does other work', async () => {
    const content = randomBytes(16 * MiB);
    let turns = 0;
    const digesting = digestOf(content, MiB);
    const count = () => void (turns++, (next = setImmediate(count)));
    let next = setImmediate(count);
    expect(await digesting).to.equal(direct(content));
    clearImmediate(next);
    expect(turns).to.be.greaterThan(2);
  });
});
