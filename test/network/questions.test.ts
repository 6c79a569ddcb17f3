/** A person is asked about a place that is not allowed. */
import { expect } from 'chai';
import { deferred, type Deferred } from '../../server/src/base/promises.ts';
import { formatTarget } from '../../server/src/network/hosts.ts';
import { type Answer, ANSWER_MS, MAX_OPEN, MAX_QUESTIONS, Questions } from '../../server/src/network/questions.ts';
import { FakeClock } from '../fakes/clock.ts';
import { egress, place } from './place.ts';

class Person {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  readonly answers: Deferred<Answer>[] = [];
  readonly withdrawn: string[] = [];
  readonly questions = new Questions({
    clock: this.clock,
    send: (target, signal) => {
      const name = formatTarget(target);
      this.asked.push(name);
      signal.addEventListener('abort', () => this.withdrawn.push(name));
      const answer = deferred<Answer>();
      this.answers.push(answer);
      return answer.promise;
    },
  });

  ask(name: string, signal = new AbortController().signal): Promise<Answer> {
    return this.questions.ask(place(name), signal);
  }
}

describe('a question about a place', () => {
  it('is one question for all who wait for the same place at the same time', async () => {
    const person = new Person();
    const waiting = [person.ask('example.com'), person.ask('EXAMPLE.com:443'), person.ask('example.com:80')];
    expect(person.asked).to.deep.equal(['example.com:443', 'example.com:80']);
    for (const answer of person.answers) answer.resolve('once');
    expect(await Promise.all(waiting)).to.deep.equal(['once', 'once', 'once']);
    void person.ask('example.com');
    expect(person.asked.length, 'once is for those that waited').to.equal(3);
  });

  it('is answered with no after 30 s, and is withdrawn then', async () => {
    const person = new Person();
    const answer = person.ask('example.com');
    await person.clock.advance(ANSWER_MS);
    expect(await answer).to.equal('deny');
    expect(person.withdrawn).to.deep.equal(['example.com:443']);
    expect(await person.ask('example.com'), 'asked again at once').to.equal('deny');
    expect(person.asked.length).to.equal(1);
    await person.clock.advance(60_000);
    void person.ask('example.com');
    expect(person.asked.length, 'after a while').to.equal(2);
  });

  it('is not asked again after a no, and a client that fails says no', async () => {
    const person = new Person();
    const [first, second] = [person.ask('a.example'), person.ask('b.example')];
    person.answers[0]?.resolve('deny');
    person.answers[1]?.reject(new Error('method not found'));
    expect(await Promise.all([first, second])).to.deep.equal(['deny', 'deny']);
    await person.clock.advance(10 * 60_000);
    expect(await person.ask('a.example')).to.equal('deny');
    expect(person.asked.length).to.equal(2);
    expect(person.clock.pending).to.equal(0);
  });

  it('is not asked while a few others are open, or after very many', async () => {
    const person = new Person();
    for (let each = 0; each < MAX_OPEN; each++) void person.ask(`n${each}.example`);
    expect(await person.ask('one-more.example')).to.equal('deny');
    for (let each = MAX_OPEN; each < MAX_QUESTIONS; each++) {
      person.answers.at(-1)?.resolve('once');
      await person.clock.advance(0);
      void person.ask(`n${each}.example`);
    }
    for (const answer of person.answers) answer.resolve('once');
    await person.clock.advance(0);
    expect(await person.ask('last.example')).to.equal('deny');
    expect(person.asked.length).to.equal(MAX_QUESTIONS);
  });

  it('stays open for others when one of those that wait goes away', async () => {
    const person = new Person();
    const gone = new AbortController();
    const [one, two] = [person.ask('example.com', gone.signal), person.ask('example.com')];
    gone.abort(new Error('gone'));
    expect(await one.catch((fault: Error) => fault.message)).to.equal('gone');
    person.answers[0]?.resolve('session');
    expect(await two).to.equal('session');
  });
});

describe('an answer', () => {
  const never = new AbortController().signal;
  const deny = async (promise: Promise<unknown>) => promise.then(() => false, () => true);

  it('opens that place alone, for one connection or for the session', async () => {
    const asked: string[] = [];
    const session = egress({ ask: async (target) => (asked.push(formatTarget(target)), target.port === 80 ? 'once' : 'session') });
    for (const text of ['example.com:80', 'example.com:80', 'example.com', 'example.com', '1.1.1.1', '1.1.1.1']) await session.admit(place(text), never);
    expect(asked).to.deep.equal(['example.com:80', 'example.com:80', 'example.com:443', '1.1.1.1:443']);
    for (const text of ['other.com', 'www.example.com', 'example.com:8443', '1.1.1.2']) await session.admit(place(text), never);
    expect(asked.slice(4), 'places beside it').to.deep.equal(['other.com:443', 'www.example.com:443', 'example.com:8443', '1.1.1.2:443']);
  });

  it('is told once, however many connections have waited for it', async () => {
    const session = egress({ ask: async () => 'session' });
    await Promise.all([1, 2, 3].map(() => session.admit(place('example.com'), never)));
    expect(session.reachable.length).to.equal(1);
  });

  it('never opens an address that is not public, nor what the configuration excludes', async () => {
    const asked: string[] = [];
    const ask = async (target: { host: string }) => (asked.push(target.host), 'session' as const);
    for (const text of ['10.0.0.1', '127.0.0.1:80', '[::1]:80', '169.254.169.254:80']) expect(await deny(egress({ ask }).admit(place(text), never)), text).to.equal(true);
    expect(await deny(egress({ ask, ceilings: [['example.com']] }).admit(place('other.example'), never))).to.equal(true);
    expect(asked).to.deep.equal([]);
    const permit = await egress({ ask }).admit(place('inner.example'), never);
    expect(permit(0xffff_0a00_0001n), 'what the name resolves to').to.equal('a private address');
  });
});
