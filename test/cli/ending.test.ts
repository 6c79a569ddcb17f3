/** What SIGTERM and SIGINT do to a daemon. */
import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { deferred, nextLoopIteration } from '../../server/src/base/promises.ts';
import { endOnSignals } from '../../server/src/cli/ending.ts';

function bench() {
  const process = new EventEmitter() as EventEmitter & Pick<NodeJS.Process, 'on'>;
  const drained = deferred();
  const ends: unknown[] = [];
  const drains: AbortSignal[] = [];
  endOnSignals({
    process,
    drain: (hurry) => {
      drains.push(hurry);
      hurry.addEventListener('abort', () => drained.resolve());
      return drained.promise;
    },
    end: (first, again) => void ends.push([first, again]),
  });
  const send = async (...signals: string[]) => {
    for (const signal of signals) process.emit(signal, signal);
    await nextLoopIteration();
  };
  return { send, drained, drains, ends };
}

describe('a signal that ends a daemon', () => {
  it('has it drain, and end after that', async () => {
    const { send, drained, drains, ends } = bench();
    await send('SIGTERM');
    expect([drains.length, ends]).to.deep.equal([1, []]);
    drained.resolve();
    await nextLoopIteration();
    expect(ends).to.deep.equal([['SIGTERM', undefined]]);
  });

  it('hurries it when it comes again, whichever it is, and a third one does nothing', async () => {
    const { send, drains, ends } = bench();
    await send('SIGTERM', 'SIGINT', 'SIGTERM');
    expect([drains.length, ends]).to.deep.equal([1, [['SIGTERM', 'SIGINT']]]);
  });

  it('ends it also where draining fails', async () => {
    const { send, drained, ends } = bench();
    await send('SIGINT');
    drained.reject(new Error('it fails'));
    await nextLoopIteration();
    expect(ends).to.deep.equal([['SIGINT', undefined]]);
  });
});
