import { expect } from 'chai';
import { OutputFlow, WINDOW_CHARS } from '../../../../client-vscode/src/run/terminal/output-flow.ts';
import { FakeClock } from '../../../fakes/clock.ts';

/** A terminal that takes what it is given when the test says so. */
function bench() {
  const clock = new FakeClock();
  const taken: number[] = [];
  let shown = '';
  let questions: string[] = [];
  let next = 0;
  const flow = new OutputFlow({
    write: (text) => {
      shown += text.replace(/\x1b\[\?(\d+)\$p/g, (_, mode: string) => {
        questions.push(mode);
        return '';
      });
    },
    acknowledge: (seq) => void taken.push(seq),
    clock,
    random: () => (next += 1),
  });
  const answer = () => {
    const [first, ...rest] = questions;
    questions = rest;
    return flow.withoutAnswers(`\x1b[?${first};0$y`);
  };
  return { clock, flow, taken, answer, shown: () => shown, questions: () => questions };
}

describe('the flow of output into the terminal', () => {
  it('acknowledges output only when the terminal has taken it', () => {
    const { flow, taken, answer, shown } = bench();
    flow.push(0, 'a');
    flow.push(1, 'b');
    expect(shown()).to.equal('ab');
    expect(taken).to.deep.equal([]);
    expect(answer()).to.equal('');
    expect(taken).to.deep.equal([0]);
    answer();
    expect(taken).to.deep.equal([0, 1]);
  });

  it('writes no more than the window without an answer', () => {
    const { flow, answer, shown } = bench();
    const chunk = 'x'.repeat(60_000);
    for (let seq = 0; seq < 20; seq += 1) flow.push(seq, chunk);
    const before = shown().length;
    expect(before).to.be.within(WINDOW_CHARS, WINDOW_CHARS + 130_000);
    answer();
    expect(shown().length).to.be.above(before);
  });

  it('returns what is typed, even next to an answer', () => {
    const { flow, questions } = bench();
    expect(flow.withoutAnswers('\x1b[A')).to.equal('\x1b[A');
    flow.push(0, 'a');
    const [mode] = questions();
    expect(flow.withoutAnswers(`ab\x1b[?${mode};0$yc`)).to.equal('abc');
    // The answer to what the program asked is the program's.
    flow.push(1, 'b');
    expect(flow.withoutAnswers('\x1b[?2026;2$y')).to.equal('\x1b[?2026;2$y');
  });

  it('acknowledges after a while if the terminal does not answer', async () => {
    const { clock, flow, taken } = bench();
    flow.push(0, 'a');
    await clock.advance(1_999);
    expect(taken).to.deep.equal([]);
    await clock.advance(1);
    expect(taken).to.deep.equal([0]);
    expect(clock.pending).to.equal(0);
  });

  it('writes text of the extension after the output', async () => {
    const { flow, answer, shown } = bench();
    flow.push(0, 'program');
    const said = flow.writeAfterOutput('verdict');
    await Promise.resolve();
    expect(shown()).to.equal('program');
    answer();
    await said;
    expect(shown()).to.equal('programverdict');
  });

  it('knows whether the cursor is at the start of a line', () => {
    const { flow } = bench();
    expect(flow.atLineStart).to.equal(true);
    flow.push(0, 'a');
    expect(flow.atLineStart).to.equal(false);
    flow.push(1, '\r\n');
    expect(flow.atLineStart).to.equal(true);
  });

  it('writes nothing and waits for nothing after the terminal is closed', async () => {
    const { clock, flow, shown } = bench();
    flow.push(0, 'a');
    const drained = flow.drained();
    flow.close();
    await drained;
    flow.push(1, 'b');
    await flow.writeAfterOutput('c');
    expect(shown()).to.equal('a');
    expect(clock.pending).to.equal(0);
  });
});
