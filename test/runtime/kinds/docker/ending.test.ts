/** Whether the engine's events say that a container ended because of memory. */
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { diedOfMemory } from '../../../../server/src/runtime/kinds/docker/ending.ts';

const S = 1e9;
const events = (...all: [action: string, seconds: number][]): Readable =>
  Readable.from(all.map(([Action, seconds]) => Buffer.from(`${JSON.stringify({ Action, timeNano: seconds * S })}\n`)));

describe('the end of a container', () => {
  it('was because of memory if a process was killed for that just before', async () => {
    expect(await diedOfMemory(events(['oom', 100], ['die', 100.2]))).to.equal(true);
    expect(await diedOfMemory(events(['oom', 10], ['oom', 100], ['die', 100.2]))).to.equal(true);
  });

  it('had another reason if that was long before, or did not happen', async () => {
    expect(await diedOfMemory(events(['oom', 10], ['die', 100]))).to.equal(false);
    expect(await diedOfMemory(events(['die', 100]))).to.equal(false);
  });

  it('is the last event that is read', async () => {
    const stream = events(['die', 100], ['oom', 100]);
    await diedOfMemory(stream);
    expect(stream.destroyed).to.equal(true);
  });

  it('is unknown without an event of it', async () => {
    for (const stream of [events(['oom', 100]), events(), Readable.from([Buffer.from('<html>\n')])]) {
      const fault = await diedOfMemory(stream).catch((reason: unknown) => reason);
      expect(fault).to.be.an('error');
      expect(stream.destroyed).to.equal(true);
    }
  });
});
