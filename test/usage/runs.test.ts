/** The runs that are kept for estimates: what is damaged is forgotten, and old programs make room. */
import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Runs } from '../../server/src/usage/runs.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { recordingLog } from '../wire/server.ts';

describe('the runs that are kept', () => {
  const folder = temporaryFolder();
  const open = () => new Runs({ folder: join(folder(), 'runs'), clock: new FakeClock(), log: recordingLog([]) });
  const run = { runtime: 'native', durationMs: 1, cpuMs: 1, peakMemoryBytes: 1 };
  const names = () => readdirSync(join(folder(), 'runs'));

  it('are told by language and by the exact text of the program, which is not kept itself', async () => {
    const runs = open();
    runs.add('python', Buffer.from('password = 1'), run);
    await runs.save();
    const next = open();
    expect(next.of('python', Buffer.from('password = 1'))).to.deep.equal([run]);
    expect(next.of('python', Buffer.from('password = 2'))).to.deep.equal([]);
    expect(next.of('ruby', Buffer.from('password = 1'))).to.deep.equal([]);
    expect(next.of('python')).to.deep.equal([run]);
    for (const name of names()) expect(readFileSync(join(folder(), 'runs', name), 'utf8') + name).not.to.contain('password');
  });

  it('are forgotten where a file is damaged', async () => {
    const program = Buffer.from('x');
    for (const text of ['', '{', '{"runs":[{"runtime":1}]}', '{"runs":[{"runtime":"a","durationMs":-1,"cpuMs":0,"peakMemoryBytes":0}]}', `{"runs":[${Array(51).fill(JSON.stringify(run)).join()}]}`]) {
      const runs = open();
      runs.add('python', program, run);
      await runs.save();
      for (const name of names()) writeFileSync(join(folder(), 'runs', name), text);
      expect(open().of('python', program), text).to.deep.equal([]);
    }
  });

  it('are those of 500 programs, and those that ran least recently make room', async () => {
    mkdirSync(join(folder(), 'runs'));
    for (let nth = 0; nth < 502; nth++) {
      const path = join(folder(), 'runs', `program-${nth}.json`);
      writeFileSync(path, '{}');
      utimesSync(path, 1000 + nth, 1000 + nth);
    }
    const runs = open();
    runs.add('python', Buffer.from('x'), run);
    await runs.save();
    const left = names().filter((name) => name.startsWith('program-'));
    expect([left.length, ...[0, 2, 3, 501].map((nth) => left.includes(`program-${nth}.json`))]).to.deep.equal([500, false, false, true, true]);
  });
});
