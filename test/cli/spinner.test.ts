/** The line that shows what is going on: it appears only on a terminal, and is removed completely. */
import { expect } from 'chai';
import { Spinner } from '../../server/src/cli/spinner.ts';
import { FakeClock } from '../fakes/clock.ts';

function create({ isTTY = true, columns = 80 } = {}) {
  const clock = new FakeClock();
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
  return { clock, written, spinner: new Spinner(stream, clock) };
}

/** What is on the screen, where each text replaces the line. */
const CLEAR = '\r\x1b[K';

describe('the spinner', () => {
  it('shows nothing for something that is done soon', async () => {
    const { clock, written, spinner } = create();
    spinner.say('one');
    await clock.advance(299);
    spinner.clear();
    await clock.advance(1000);
    expect([written, clock.pending]).to.deep.equal([[], 0]);
  });

  it('shows what is going on, updates it, and is removed', async () => {
    const { clock, written, spinner } = create();
    spinner.say('one');
    await clock.advance(300);
    spinner.say('two');
    await clock.advance(160);
    spinner.clear();
    await clock.advance(1000);
    expect(written).to.deep.equal([`${CLEAR}⠋ one`, `${CLEAR}⠙ two`, `${CLEAR}⠹ two`, CLEAR]);
    expect(clock.pending).to.equal(0);
  });

  it('is shown whole on a terminal that does not tell its width', async () => {
    const { clock, written, spinner } = create({ columns: 0 });
    spinner.say('one');
    await clock.advance(300);
    spinner.clear();
    expect(written).to.deep.equal([`${CLEAR}⠋ one`, CLEAR]);
  });

  it('can be cleared twice and shown again', async () => {
    const { clock, written, spinner } = create();
    spinner.say('one');
    await clock.advance(300);
    spinner.clear();
    spinner.clear();
    spinner.say('two');
    await clock.advance(300);
    spinner.clear();
    expect(written).to.deep.equal([`${CLEAR}⠋ one`, CLEAR, `${CLEAR}⠙ two`, CLEAR]);
  });

  it('never fills the whole line', async () => {
    const { clock, written, spinner } = create({ columns: 10 });
    spinner.say('a long story');
    await clock.advance(300);
    spinner.clear();
    expect(written).to.deep.equal([`${CLEAR}⠋ a long `, CLEAR]);
  });

  it('writes nothing if stderr is not a terminal', async () => {
    const { clock, written, spinner } = create({ isTTY: false });
    spinner.say('one');
    await clock.advance(1000);
    spinner.clear();
    expect([written, clock.pending]).to.deep.equal([[], 0]);
  });
});
