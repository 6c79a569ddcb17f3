/** The ledger: what it writes and when, and what it does when the clock is set or the disk is full. */
import { expect } from 'chai';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventStream } from '../../server/src/events/events.ts';
import { Journal } from '../../server/src/usage/journal.ts';
import { Ledger } from '../../server/src/usage/ledger.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { type Line, recordingLog } from '../wire/server.ts';

describe('the ledger', () => {
  const folder = temporaryFolder();

  const open = (clock = new FakeClock()) => {
    const lines: Line[] = [];
    const log = recordingLog(lines);
    const events = new EventStream(log);
    const ledger = new Ledger({ events, clock, log, journal: new Journal(join(folder(), 'usage')) });
    return { ledger, clock, lines, events };
  };
  /** Writing takes real time. */
  const written = (ledger: Ledger) => ledger.save();

  it('writes at once what comes after a pause, and then once a second at the most', async () => {
    const { ledger, clock } = open();
    ledger.add('s', { commands: 1 });
    expect(clock.pending).to.equal(1);
    await clock.advance(0);
    await written(ledger);
    expect(open(clock).ledger.today().commands).to.equal(1);
    ledger.add('s', { commands: 1 });
    ledger.add('s', { commands: 1 });
    await clock.advance(999);
    expect([open(clock).ledger.today().commands, clock.pending]).to.deep.equal([1, 1]);
    await clock.advance(1);
    await written(ledger);
    expect([open(clock).ledger.today().commands, clock.pending]).to.deep.equal([3, 0]);
  });

  it('counts a day that is over to that day, also if it is written later', async () => {
    const { ledger, clock } = open();
    await clock.advance(ledger.midnight - clock.now() - 1);
    ledger.add('s', { commands: 1 });
    await clock.advance(1);
    ledger.add('s', { commands: 2 });
    expect(ledger.today().commands).to.equal(2);
    expect([...(await ledger.days()).values()].map(({ commands }) => commands)).to.deep.equal([1, 2]);
  });

  it('goes on counting a day when the clock is set back to it', () => {
    const start = Date.UTC(2030, 0, 1, 12);
    let now = start;
    const clock = { now: () => now, monotonic: () => 0, after: () => () => undefined };
    const ledger = new Ledger({ events: new EventStream(recordingLog([])), clock, log: recordingLog([]) });
    ledger.add('s', { commands: 1 });
    now += 24 * 3_600_000;
    ledger.add('s', { commands: 5 });
    expect(ledger.today().commands).to.equal(5);
    now = start;
    expect(ledger.today().commands).to.equal(1);
  });

  it('warns once if nothing can be written, goes on counting, and writes it all when it can', async () => {
    writeFileSync(join(folder(), 'usage'), 'a file in the place of the folder');
    const { ledger, clock, lines } = open();
    for (let turn = 0; turn < 3; turn++) {
      ledger.add('s', { commands: 1 });
      await ledger.save();
    }
    expect(ledger.today().commands).to.equal(3);
    expect(lines.map(({ level, message }) => [level, message])).to.deep.equal([['warn', 'what is used cannot be saved (EEXIST), so other daemons do not count it: check that stateDir in the configuration is a folder that can be written']]);
    rmSync(join(folder(), 'usage'));
    ledger.add('s', { commands: 1 });
    await ledger.save();
    expect(open(clock).ledger.today().commands).to.equal(4);
  });

  it('counts sessions once, and forgets a session when it is closed', () => {
    const { ledger, events } = open();
    const session = { visit: 'v', sessionId: 's', runtime: 'fake', language: undefined, warm: false };
    for (const state of ['ready', 'busy', 'ready'] as const) events.emit({ kind: 'sessionChanged', session, state, reason: undefined });
    expect([ledger.session('s')?.sessions, ledger.identity('s')]).to.deep.equal([1, session]);
    for (const state of ['closing', 'closed'] as const) events.emit({ kind: 'sessionChanged', session, state, reason: 'client' });
    expect([ledger.session('s'), ledger.today().sessions]).to.deep.equal([undefined, 1]);
  });
});
