/** The sessions that are open in all daemons of a user, with real locks. */
import { expect } from 'chai';
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtocolError } from '../../server/src/protocol/index.ts';
import { holdLock, stateOfLock } from '../../server/src/runtime/machine/lock.ts';
import { OpenSessions } from '../../server/src/usage/open-sessions.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { type Line, recordingLog } from '../wire/server.ts';

describe('the sessions of all daemons', () => {
  const folder = temporaryFolder();
  const lines: Line[] = [];
  const open = new Set<OpenSessions>();
  /** The locks of daemons that a test kills. */
  const deadly: (() => void)[] = [];
  afterEach(async () => {
    for (const each of open) await each.close();
    open.clear();
    for (const unlock of deadly.splice(0)) unlock();
  });

  const place = () => join(folder(), 'open');
  const daemon = (hold = holdLock) => {
    const made = new OpenSessions({ folder: place(), locks: { holdLock: hold, stateOfLock }, clock: new FakeClock(Date.now()), log: recordingLog(lines) });
    open.add(made);
    return made;
  };
  const refusal = (entering: Promise<unknown>): Promise<object> => entering.then(() => ({}), ({ kind, data }: ProtocolError) => ({ ...data, kind }));
  const used = async (of: OpenSessions) => (await of.state(9)).used;

  it('are as many as allowed, in whatever daemon, and each that closes makes room', async () => {
    const [one, two] = [daemon(), daemon()];
    const leave = await one.enter(3);
    await two.enter(3);
    await two.enter(3);
    expect(await refusal(one.enter(3))).to.deep.equal({ kind: 'QuotaExceeded', quota: 'sessions', limit: 3, used: 3 });
    expect(await Promise.all([one, two].map(used))).to.deep.equal([3, 3]);
    leave();
    leave();
    expect(await used(two)).to.equal(2);
    await two.enter(3);
    expect(await refusal(one.enter(3))).to.include({ used: 3 });
  });

  it('are taken on exactly where many are asked for at once', async () => {
    const one = daemon();
    const answers = await Promise.allSettled(Array.from({ length: 10 }, () => one.enter(4)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).to.have.length(4);
    const [two, three] = [daemon(), daemon()];
    const more = await Promise.allSettled([two, three, two, three].map((each) => each.enter(6)));
    expect(more.filter(({ status }) => status === 'fulfilled').length).to.be.at.most(2);
    expect(await used(one)).to.be.at.most(6);
  });

  it('of a daemon that has died count no longer, and what it has left is removed', async () => {
    const one = daemon();
    const dead = daemon(async (path) => {
      deadly.push(await holdLock(path));
      return () => undefined;
    });
    await dead.enter(2);
    await one.enter(2);
    expect(await refusal(one.enter(2))).to.include({ quota: 'sessions' });
    for (const unlock of deadly.splice(0)) unlock();
    await one.enter(2);
    expect(readdirSync(place())).to.have.length(1);
    await one.close();
    expect(readdirSync(place())).to.deep.equal([]);
  });

  it('of another machine do not count, and what is there is left alone for a month', async () => {
    const [foreign, old] = ['0123abcd', 'abcd0123'].map((name) => join(place(), name)) as [string, string];
    for (const path of [foreign, old]) {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'open'), 'xxx');
    }
    utimesSync(old, 1, 1);
    expect(await used(daemon())).to.equal(0);
    expect(readdirSync(place())).to.deep.equal(['0123abcd']);
  });

  it('are told of again where somebody has removed the folder', async () => {
    const [one, two] = [daemon(), daemon()];
    await one.enter(5);
    rmSync(place(), { recursive: true });
    await one.enter(5);
    expect(await used(two)).to.equal(2);
  });

  it('are those of this daemon where others can not be told, which is said once', async () => {
    const lonely = daemon(() => Promise.reject(new Error('the path of the lock is too long')));
    await lonely.enter(2);
    const leave = await lonely.enter(2);
    expect(await refusal(lonely.enter(2))).to.include({ used: 2 });
    leave();
    await lonely.enter(2);
    expect(lines.filter(({ message }) => message.includes('the path of the lock is too long'))).to.have.length(1);
  });
});
