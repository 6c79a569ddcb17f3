/** The names that a session resolves. */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { MAX_WAITING, oneAtATime } from '../../server/src/network/lookups.ts';

const fails = (promise: Promise<unknown>) => promise.then(() => '', (fault: Error) => fault.message);

describe('the names of a session', () => {
  it('that fail are asked for again, and keep no other one waiting', async () => {
    const asked: string[] = [];
    const resolve = oneAtATime(async (name) => {
      asked.push(name);
      if (name === 'bad.example') throw new Error('no address');
      return ['1.1.1.1'];
    }, new AbortController().signal);
    expect(await Promise.all([fails(resolve('bad.example')), resolve('good.example'), fails(resolve('bad.example'))])).to.deep.equal(['no address', ['1.1.1.1'], 'no address']);
    expect(await fails(resolve('bad.example'))).to.equal('no address');
    expect(asked).to.deep.equal(['bad.example', 'good.example', 'bad.example']);
  });

  it('wait in a bounded number, whoever is still there to hear of them', async () => {
    const silent = deferred<readonly string[]>();
    let calls = 0;
    const resolve = oneAtATime(() => {
      calls += 1;
      return silent.promise;
    }, new AbortController().signal);
    const waiting = Array.from({ length: MAX_WAITING }, (_, at) => resolve(`n${at}.example`));
    expect(await fails(resolve('one-more.example'))).to.equal('too many names wait to be resolved for this session');
    expect(calls).to.equal(1);
    silent.resolve([]);
    await Promise.all(waiting);
    expect(calls).to.equal(MAX_WAITING);
  });

  it('keep one thread of the resolver, however many wait, so that every other session has one, too', async () => {
    const sessions = 16;
    const silent = deferred<readonly string[]>();
    const over = new AbortController();
    let held = 0;
    const resolver = (name: string) => {
      if (name === 'good.example') return Promise.resolve(['1.1.1.1']);
      held++;
      return silent.promise;
    };
    const waiting = Array.from({ length: sessions - 1 }, () => oneAtATime(resolver, over.signal)).flatMap((resolve) => ['a.example', 'b.example', 'c.example'].map((name) => fails(resolve(name))));
    expect(await oneAtATime(resolver, over.signal)('good.example')).to.deep.equal(['1.1.1.1']);
    expect(held).to.equal(sessions - 1);
    over.abort(new Error('it is over'));
    silent.resolve([]);
    await Promise.all(waiting);
    expect(held).to.equal(sessions - 1);
  });

  it('are not resolved any more when the session is over', async () => {
    const silent = deferred<readonly string[]>();
    const over = new AbortController();
    const asked: string[] = [];
    const resolve = oneAtATime((name) => {
      asked.push(name);
      return silent.promise;
    }, over.signal);
    const waiting = ['a.example', 'b.example'].map((name) => fails(resolve(name)));
    await Promise.resolve();
    over.abort(new Error('it is over'));
    silent.resolve([]);
    expect([await Promise.all(waiting), asked]).to.deep.equal([['', 'it is over'], ['a.example']]);
  });
});
