/** A command that goes on without its client: whoever waits for it can leave, and leaves nothing behind. */
import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import { deferred } from '../../../server/src/base/promises.ts';
import { KeptCommand } from '../../../server/src/serving/line/kept-command.ts';

describe('a command that goes on without its client', () => {
  it('is waited for until it ends, and no signal keeps a listener', async () => {
    const result = deferred<string>();
    const kept = new KeptCommand('c', new AbortController().signal);
    let ended = 0;
    kept.begin(result.promise, () => (ended += 1));
    const [one, two] = [new AbortController(), new AbortController()];
    const waits = [kept.over([one.signal, two.signal]), kept.over([two.signal])];
    one.abort(new Error('lost'));
    expect(await Promise.allSettled([waits[0]])).to.deep.include({ status: 'rejected', reason: one.signal.reason });
    expect([one, two].map(({ signal }) => getEventListeners(signal, 'abort').length)).to.deep.equal([0, 1]);
    result.resolve('done');
    await waits[1];
    expect([ended, kept.ended, await kept.result, getEventListeners(two.signal, 'abort').length]).to.deep.equal([1, true, 'done', 0]);
    await kept.over([one.signal]);
  });

  it('is not waited for by whoever has gone already', async () => {
    const kept = new KeptCommand('c', new AbortController().signal);
    kept.begin(deferred<string>().promise, () => undefined);
    const gone = AbortSignal.abort(new Error('gone'));
    expect(await kept.over([gone]).catch((fault: unknown) => fault)).to.equal(gone.reason);
  });

  it('ends also where it fails', async () => {
    const kept = new KeptCommand('c', new AbortController().signal);
    kept.begin(Promise.reject(new Error('failed')), () => undefined);
    await kept.over([]);
    expect(await kept.result.catch(({ message }: Error) => message)).to.equal('failed');
  });
});
