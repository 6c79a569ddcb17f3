/** Shells of one sandbox: how many there are, who gets one when, and what is never handed out again. */
import { expect } from 'chai';
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import type { ShellSource } from '../../../server/src/runtime/shell/channel.ts';
import { type BorrowedShell, MAX_SHELLS, ShellPool } from '../../../server/src/runtime/shell/pool.ts';
import { HeldShell, newMark } from '../../../server/src/runtime/shell/shell.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { ScriptedChannel } from './scripted.ts';

const gone = () => new ProtocolError('SandboxLost', 'gone');
const turn = () => new Promise((resolve) => setImmediate(resolve));

function speak(channel: ScriptedChannel, mark: string): void {
  void channel.say('stdout', `${mark}pid 7\n${mark}`);
  void channel.say('stderr', mark);
}

/** `dying`: how many shells end before they speak. */
async function poolOf({ silent = false, refuse = 0, dying = 0 } = {}) {
  const clock = new FakeClock();
  const channels: ScriptedChannel[] = [];
  const first = new ScriptedChannel();
  const opening = newMark();
  const { shell, facts } = HeldShell.open(first, opening, clock);
  speak(first, opening);
  await facts;
  const host: Pick<ShellSource, 'open' | 'first'> = {
    first,
    open: async (mark) => {
      if (refuse-- > 0) throw new ProtocolError('SandboxFailed', 'no more');
      const channel = new ScriptedChannel();
      channels.push(channel);
      if (dying-- > 0) setImmediate(() => channel.end());
      else if (!silent) setImmediate(() => speak(channel, mark));
      return channel;
    },
  };
  return { pool: new ShellPool(host as ShellSource, shell, clock, gone), first, channels, clock };
}

const kindOf = (work: Promise<unknown>) => work.then(() => 'fine', (fault: ProtocolError) => fault.kind);

describe('the shells of a sandbox', () => {
  it('are the first one as long as it is free, and others when it is not', async () => {
    const { pool, channels } = await poolOf();
    const one = await pool.borrow();
    one.giveBack(true);
    const same = await pool.borrow();
    expect(same.shell).to.equal(one.shell);
    const other = await pool.borrow();
    expect(other.shell).not.to.equal(one.shell);
    expect(channels).to.have.length(1);
  });

  it('are kept when they are clean', async () => {
    const { pool, channels } = await poolOf();
    await pool.borrow();
    for (let count = 0; count < 5; count++) (await pool.borrow()).giveBack(true);
    expect(channels).to.have.length(1);
  });

  it('are never used again when they are not, and only the first one stays open', async () => {
    const { pool, first, channels } = await poolOf();
    (await pool.borrow()).giveBack(false);
    (await pool.borrow()).giveBack(false);
    await pool.borrow();
    expect(channels).to.have.length(2);
    expect([first.destroyed, ...channels.map(({ destroyed }) => destroyed)]).to.deep.equal([false, true, false]);
  });

  it('that have died while idle are passed over', async () => {
    const { pool, channels } = await poolOf();
    const borrowed = [await pool.borrow(), await pool.borrow()];
    borrowed[0]?.giveBack(true);
    borrowed[1]?.giveBack(true);
    channels[0]?.destroy();
    await turn();
    const { shell } = await pool.borrow();
    expect(shell).to.equal(borrowed[0]?.shell);
  });

  it(`are ${MAX_SHELLS} at the most; who comes later waits in order`, async () => {
    const { pool } = await poolOf();
    const borrowed: BorrowedShell[] = [];
    for (let count = 0; count < MAX_SHELLS; count++) borrowed.push(await pool.borrow());
    const served: number[] = [];
    const waiting = [0, 1, 2].map((index) => pool.borrow().then((lease) => {
      served.push(index);
      return lease;
    }));
    await turn();
    expect(served).to.deep.equal([]);
    borrowed[3]?.giveBack(true);
    (await waiting[0])?.giveBack(false);
    (await waiting[1])?.giveBack(true);
    await waiting[2];
    expect(served).to.deep.equal([0, 1, 2]);
  });

  it('count those that programs own until they have gone', async () => {
    const { pool, channels } = await poolOf();
    for (let count = 1; count < MAX_SHELLS; count++) await pool.borrow();
    await pool.openOwn();
    let served = false;
    void pool.borrow().then(() => (served = true));
    await turn();
    expect(served).to.equal(false);
    channels.at(-1)?.destroy();
    await turn();
    await turn();
    expect(served).to.equal(true);
  });

  for (const [what, trouble] of [['can not be opened', 'refuse'], ['end before they speak', 'dying']] as const) {
    it(`that ${what} are tried again, and give their place back`, async () => {
      const { pool, clock } = await poolOf({ [trouble]: MAX_SHELLS * 2 * 5 });
      await pool.borrow();
      const kinds = Array.from({ length: MAX_SHELLS * 2 }, () => kindOf(pool.openOwn()));
      for (let count = 0; count < 20; count++) await clock.advance(1_000);
      expect(await Promise.all(kinds)).to.deep.equal(Array(MAX_SHELLS * 2).fill('SandboxFailed'));
      expect(await kindOf(pool.openOwn())).to.equal('fine');
      expect(clock.pending).to.equal(0);
    });
  }

  it('that end with the sandbox are not tried again', async () => {
    const { pool, first, channels } = await poolOf({ dying: 3 });
    await pool.borrow();
    const late = kindOf(pool.borrow());
    first.destroy();
    expect(await late).to.equal('SandboxLost');
    expect(channels).to.have.length(1);
  });

  it('that say nothing are given up after a while', async () => {
    const { pool, channels, clock } = await poolOf({ silent: true });
    await pool.borrow();
    const refused = [kindOf(pool.borrow()), kindOf(pool.openOwn())];
    await clock.advance(20_000);
    expect(await Promise.all(refused)).to.deep.equal(['SandboxFailed', 'SandboxFailed']);
    expect(channels.map(({ destroyed }) => destroyed)).to.deep.equal([true, true]);
    expect(clock.pending).to.equal(0);
  });

  it('are gone with the first one', async () => {
    const { pool, first } = await poolOf();
    first.destroy();
    await turn();
    expect(await kindOf(pool.borrow())).to.equal('SandboxLost');
    expect(await kindOf(pool.openOwn())).to.equal('SandboxLost');
  });

  it('are closed together: nobody waits for one any more', async () => {
    const { pool, first, channels } = await poolOf();
    for (let count = 0; count < MAX_SHELLS; count++) await pool.borrow();
    const waiting = [kindOf(pool.borrow()), kindOf(pool.openOwn())];
    await turn();
    pool.close();
    expect(await Promise.all(waiting)).to.deep.equal(['SandboxLost', 'SandboxLost']);
    expect(channels.every(({ destroyed }) => destroyed)).to.equal(true);
    // The lease goes last, with the sandbox.
    expect(first.destroyed).to.equal(false);
  });

  it('that open while the sandbox closes are closed too', async () => {
    const { pool, channels } = await poolOf();
    await pool.borrow();
    const late = kindOf(pool.borrow());
    await Promise.resolve();
    pool.close();
    expect(await late).to.equal('SandboxLost');
    expect(channels.map(({ destroyed }) => destroyed)).to.deep.equal([true]);
  });
});
