import { expect } from 'chai';
import { isAlive, watchProcess } from '../../server/src/cli/watch.ts';
import { FakeClock } from '../fakes/clock.ts';

describe('watching the client’s process', () => {
  it('checks twice a second, and reports once that the process has ended', async () => {
    const clock = new FakeClock();
    const looks: number[] = [];
    let gone = 0;
    watchProcess(77, clock, (pid) => (looks.push(pid), looks.length < 3), () => (gone += 1));
    await clock.advance(1499);
    expect([looks, gone]).to.deep.equal([[77, 77], 0]);
    await clock.advance(1);
    expect(gone).to.equal(1);
    await clock.advance(60_000);
    expect([looks.length, gone, clock.pending]).to.deep.equal([3, 1, 0]);
  });

  it('ends when it is stopped', async () => {
    const clock = new FakeClock();
    const stop = watchProcess(77, clock, () => false, () => expect.fail('told'));
    stop();
    stop();
    await clock.advance(5000);
    expect(clock.pending).to.equal(0);
  });

  const answers: [string | undefined, boolean][] = [[undefined, true], ['EPERM', true], ['ESRCH', false], ['ERR_INVALID_ARG_TYPE', false]];
  for (const [code, alive] of answers) {
    it(`regards a process as ${alive ? 'alive' : 'ended'} if signalling it gives ${code ?? 'no error'}`, () => {
      const kill = (pid: number, signal: 0) => {
        expect([pid, signal]).to.deep.equal([5, 0]);
        if (code) throw Object.assign(new Error(code), { code });
      };
      expect(isAlive(5, kill)).to.equal(alive);
    });
  }

  it('recognises a real process', () => {
    expect(isAlive(process.pid, (pid, signal) => process.kill(pid, signal))).to.equal(true);
  });
});
