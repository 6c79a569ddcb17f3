/** Which threads, frames and values a client may ask about, as it is told of them. */
import { expect } from 'chai';
import { Known } from '../../server/src/debug/known.ts';

/** A client that was told of two threads that stand, with a frame each, a value in each frame, and one that belongs to no thread. */
function told(): Known {
  const known = new Known();
  known.told({ seq: 0, type: 'event', event: 'output', body: { output: '', variablesReference: 30 } });
  answer(known, 'threads', {}, { threads: [{ id: 1 }, { id: 2 }] });
  for (const id of [1, 2]) {
    answer(known, 'stackTrace', { threadId: id }, { stackFrames: [{ id: id * 10 }] });
    answer(known, 'evaluate', { frameId: id * 10 }, { result: '', variablesReference: id * 10 + 1 });
  }
  return known;
}

/** The client asks, and is answered before anything else happens. */
const answer = (known: Known, command: string, args: object, body: object) => known.answered(command, { ...args }, { ...body }, known.asked());
const event = (known: Known, name: string, body: object) => known.told({ seq: 0, type: 'event', event: name, body: { ...body } });

/** The frames and values that are there. */
const there = (known: Known) => [
  ...[10, 20].filter((frameId) => known.missing({ frameId }) === undefined),
  ...[11, 21, 30].filter((variablesReference) => known.missing({ variablesReference }) === undefined),
].sort((one, other) => one - other);

describe('what a client may ask about', () => {
  const all = [10, 11, 20, 21, 30];
  const cases: Record<string, [happens: (known: Known) => void, left: number[]]> = {
    'nothing happens': [() => undefined, all],
    'one thread goes on': [(known) => answer(known, 'continue', { threadId: 1 }, { allThreadsContinued: false }), [20, 21, 30]],
    'all go on': [(known) => answer(known, 'continue', { threadId: 1 }, {}), []],
    'one takes a step': [(known) => answer(known, 'next', { threadId: 2 }, {}), [10, 11, 30]],
    'one takes a step, and stops alone': [(known) => {
      answer(known, 'stepIn', { threadId: 2 }, {});
      event(known, 'stopped', { reason: 'step', threadId: 2 });
    }, [10, 11, 30]],
    'one takes a step, and all stop': [(known) => {
      answer(known, 'stepOut', { threadId: 2 }, {});
      event(known, 'stopped', { reason: 'step', threadId: 2, allThreadsStopped: true });
    }, []],
    'one of those that stand says so again': [(known) => event(known, 'stopped', { reason: 'breakpoint', threadId: 2, allThreadsStopped: true }), all],
    'all go on by themselves': [(known) => event(known, 'continued', { threadId: 1 }), []],
    'one goes on by itself': [(known) => event(known, 'continued', { threadId: 1, allThreadsContinued: false }), [20, 21, 30]],
    'one ends': [(known) => event(known, 'thread', { reason: 'exited', threadId: 1 }), [20, 21, 30]],
    'something is evaluated': [(known) => answer(known, 'setVariable', { variablesReference: 11 }, { value: '1' }), all],
  };
  for (const [what, [happens, left]] of Object.entries(cases)) {
    it(`is there still, or not, when ${what}`, () => {
      const known = told();
      happens(known);
      expect(there(known)).to.deep.equal(left);
    });
  }

  it('is there again when it is told again', () => {
    const known = told();
    answer(known, 'continue', { threadId: 1 }, {});
    event(known, 'stopped', { reason: 'step', threadId: 1, allThreadsStopped: true });
    answer(known, 'stackTrace', { threadId: 1 }, { stackFrames: [{ id: 10 }] });
    answer(known, 'scopes', { frameId: 10 }, { scopes: [{ name: 'Locals', variablesReference: 11 }] });
    expect(there(known)).to.deep.equal([10, 11]);
  });

  it('are the threads of the last answer, those that were told since it was asked for, and none that has ended', () => {
    const known = told();
    const at = known.asked();
    event(known, 'thread', { reason: 'started', threadId: 3 });
    event(known, 'thread', { reason: 'exited', threadId: 2 });
    known.answered('threads', {}, { threads: [{ id: 4 }] }, at);
    expect([1, 2, 3, 4].filter((threadId) => known.missing({ threadId }) === undefined)).to.deep.equal([3, 4]);
  });

  it('is not what was asked for before the thread went on, whenever the answer comes, and is what was asked for since', () => {
    const known = told();
    const [early, step] = [known.asked(), known.asked()];
    event(known, 'stopped', { reason: 'step', threadId: 1, allThreadsStopped: true });
    const late = known.asked();
    known.answered('next', { threadId: 1 }, {}, step);
    known.answered('stackTrace', { threadId: 1 }, { stackFrames: [{ id: 50 }] }, early);
    known.answered('stackTrace', { threadId: 1 }, { stackFrames: [{ id: 51 }] }, late);
    expect([50, 51].filter((frameId) => known.missing({ frameId }) === undefined)).to.deep.equal([51]);
  });

  it('is not forgotten because many other threads end', () => {
    const known = told();
    for (let threadId = 100; threadId < 100_200; threadId++) {
      event(known, 'thread', { reason: 'started', threadId });
      event(known, 'thread', { reason: 'exited', threadId });
    }
    expect(there(known)).to.deep.equal(all);
  });

  it('is not more than so much', () => {
    const known = new Known();
    for (let frameId = 0; frameId <= 100_000; frameId++) answer(known, 'stackTrace', { threadId: 1 }, { stackFrames: [{ id: frameId }] });
    expect([known.missing({ frameId: 0 }) === undefined, known.missing({ frameId: 1 }) === undefined]).to.deep.equal([false, true]);
  });
});
