/** Out of memory or not: what the engine's events say of a container that has ended. */
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { diedOfMemory } from '../../../../server/src/runtime/kinds/docker/ending.ts';

const S = 1e9;
const events = (...all: [action: string, seconds: number][]): Readable =>
  Readable.from(all.map(([Action, seconds]) => Buffer.from(`${JSON.stringify({ Action, timeNano: seconds * S })}\n`)));

describe('the end of a container', () => {
  it('was for want of memory when something was killed for it just before', async () => {
    expect(await diedOfMemory(events(['oom', 100], ['die', 100.2]))).to.equal(true);
    expect(await diedOfMemory(events(['oom', 10], ['oom', 100], ['die', 100.2]))).to.equal(true);
  });

  it('was something else when that had been survived, or never was', async () => {
    expect(await diedOfMemory(events(['oom', 10], ['die', 100]))).to.equal(false);
    expect(await diedOfMemory(events(['die', 100]))).to.equal(false);
  });

  it('is the last that is read', async () => {
    const stream = events(['die', 100], ['oom', 100]);
    await diedOfMemory(stream);
    expect(stream.destroyed).to.equal(true);
  });

  it('is not known where it is not told', async () => {
    for (const stream of [events(['oom', 100]), events(), Readable.from([Buffer.from('<html>\n')])]) {
      const fault = await diedOfMemory(stream).catch((reason: unknown) => reason);
      expect(fault).to.be.an('error');
      expect(stream.destroyed).to.equal(true);
    }
  });
});
