/** A program that is killed is not over before everything that it made is gone. */
import { expect } from 'chai';
import type { Exit } from '../../../server/src/runtime/ports.ts';
import { HeldProcess, type ProcessContext } from '../../../server/src/runtime/shell/process.ts';
import { HeldShell, newMark } from '../../../server/src/runtime/shell/shell.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { ScriptedChannel } from './scripted.ts';

async function killed() {
  const channel = new ScriptedChannel();
  const clock = new FakeClock();
  const opening = newMark();
  const { shell, facts } = HeldShell.open(channel, opening, clock);
  void channel.say('stdout', `${opening}${opening}`);
  void channel.say('stderr', opening);
  await facts;
  const gaveUp: string[] = [];
  const context: ProcessContext = {
    id: '1.a', clock, control: () => undefined, operate: () => Promise.resolve({ status: 0 }),
    oomKills: { get: () => 0, set: () => undefined }, lostExit: () => Promise.resolve({ kind: 'lost', reason: 'gone' }),
    giveUp: (why) => void gaveUp.push(why),
  };
  const process = new HeldProcess(context, { shell, giveBack: () => undefined }, { command: 'x', cwd: '/', env: {}, stdin: 'none', pty: undefined }, () => undefined);
  let exit: Exit | undefined;
  void process.exited.then((end) => (exit = end));
  /** Answers the line that was sent last: with a trailer between its marks. */
  const answer = async (trailer: string) => {
    const [mark = ''] = channel.lines.at(-1)?.match(/[0-9a-f]{24}/) ?? [];
    void channel.say('stdout', `${mark}${trailer}${mark}`);
    void channel.say('stderr', mark);
    await clock.advance(0);
  };
  void process.kill();
  await clock.advance(0);
  const [start = ''] = channel.lines[0]?.match(/[0-9a-f]{24}/) ?? [];
  void channel.say('stdout', `${start}137;;;0;0;0;[1] Killed${start}`);
  void channel.say('stderr', start);
  await clock.advance(0);
  return { channel, clock, gaveUp, answer, exit: () => exit };
}

describe('a program that was killed', () => {
  it('is over when nothing of it is found any more', async () => {
    const { clock, answer, exit, gaveUp, channel } = await killed();
    for (const wait of [5, 20]) {
      await answer('1 ');
      const sent = channel.lines.length;
      await clock.advance(wait - 1);
      expect([exit(), channel.lines.length]).to.deep.equal([undefined, sent]);
      await clock.advance(1);
      expect(channel.lines.slice(sent).map((line) => line.split(' ')[0])).to.deep.equal(['k', 'case']);
    }
    await answer('0 ');
    expect([exit()?.kind, gaveUp]).to.deep.equal(['signaled', []]);
  });

  it('costs the sandbox where something of it stays', async () => {
    const { clock, answer, gaveUp } = await killed();
    for (let tries = 1; tries <= 15; tries++) {
      expect(gaveUp).to.deep.equal([]);
      await answer('1 ');
      await clock.advance(5 * tries ** 2);
    }
    expect(gaveUp).to.deep.equal(['what a program left could not be killed']);
  });
});
