/** `codebeaker usage`: what it shows of what daemons have written, and of what a program will use. */
import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UsageArguments } from '../../server/src/cli/actions.ts';
import { parseArguments } from '../../server/src/cli/arguments.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import { usage } from '../../server/src/cli/usage.ts';
import { nothing } from '../../server/src/usage/amounts.ts';
import { dayOf, daysBefore } from '../../server/src/usage/day.ts';
import { Journal } from '../../server/src/usage/journal.ts';
import { Runs } from '../../server/src/usage/runs.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { recordingLog } from '../wire/server.ts';

describe('codebeaker usage', () => {
  const folder = temporaryFolder();
  const clock = new FakeClock();
  const today = dayOf(clock.now());
  const GiB = 2 ** 30;

  const run = async (line: string, config: object = {}) => {
    mkdirSync(join(folder(), 'codebeaker'), { recursive: true });
    writeFileSync(join(folder(), 'codebeaker', 'config.json'), JSON.stringify(config));
    let text = '';
    const said: string[] = [];
    const surroundings = { env: { XDG_STATE_HOME: folder(), XDG_CONFIG_HOME: folder() }, home: folder(), clock, writeLog: (each: string) => void said.push(each) } as unknown as Surroundings;
    const code = await usage(surroundings, parseArguments(line.split(' ')) as UsageArguments, process.stdin, async (printed) => Number((text += printed) === ''));
    return { code, text, said };
  };
  const state = (...names: string[]) => join(folder(), 'codebeaker', 'usage', ...names);

  it('shows nothing where nothing was used', async () => {
    expect(await run('usage')).to.deep.equal({ code: 0, said: [], text: `
DAY         SESSIONS  COMMANDS  PROCESSOR  MEMORY     OUTPUT   NETWORK
${today}  0         0         0.0 s      0.0 GiB s  0 bytes  0 bytes
total       0         0         0.0 s      0.0 GiB s  0 bytes  0 bytes
`.slice(1) });
  });

  const write = async () => {
    const journal = new Journal(state());
    await journal.append(daysBefore(clock.now(), 40), { ...nothing, commands: 100 });
    await journal.append(daysBefore(clock.now(), 3), { commands: 2, cpuSeconds: 1.26, gibSeconds: 10, outputBytes: 1536, networkBytes: 3 * GiB, sessions: 1 });
    await journal.append(today, { ...nothing, commands: 1, sessions: 1, outputBytes: 5 });
  };

  it('shows the last days with what they cost, and the quotas', async () => {
    await write();
    const { text } = await run('usage', { prices: { currency: 'EUR', command: 0.5 }, quotas: { sessions: 4, perDay: { commands: 10 }, perSession: { commands: 5 } } });
    expect(text.replace(/until .*/, 'until …')).to.equal(`
DAY         SESSIONS  COMMANDS  PROCESSOR  MEMORY      OUTPUT   NETWORK  COST
${daysBefore(clock.now(), 3)}  1         2         1.3 s      10.0 GiB s  1.5 KiB  3.0 GiB  1 EUR
${today}  1         1         0.0 s      0.0 GiB s   5 bytes  0 bytes  0.5 EUR
total       2         3         1.3 s      10.0 GiB s  1.5 KiB  3.0 GiB  1.5 EUR

sessions: 0 of 4
perDay.commands: 1 of 10, until …
`.slice(1));
  });

  it('shows as many days as are asked for, and the same as JSON', async () => {
    await write();
    const commands = async (line: string) => {
      const { days, total } = JSON.parse((await run(`usage --json ${line}`.trim())).text) as { days: { day: string; commands: number }[]; total: { commands: number } };
      expect(days.at(-1)?.day).to.equal(today);
      return [...days.map((each) => each.commands), total.commands];
    };
    expect(await commands('')).to.deep.equal([2, 1, 3]);
    expect(await commands('--since 1')).to.deep.equal([1, 1]);
    expect(await commands('--since 3')).to.deep.equal([1, 1]);
    expect(await commands('--since 400')).to.deep.equal([100, 2, 1, 103]);
  });

  it('estimates a program from its earlier runs, else from others in its language', async () => {
    const file = join(folder(), 'a.py');
    writeFileSync(file, 'print(1)');
    expect((await run(`usage estimate ${file}`)).text).to.equal('Nothing is known yet: no program in this language has been run here.\n');
    expect((await run(`usage estimate --runtime deno ${file}`)).text).to.equal('Nothing is known yet: no program in this language has been run in deno here.\n');
    const runs = new Runs({ folder: state('runs'), clock, log: recordingLog([]) });
    runs.add('python', Buffer.from('print(2)'), { runtime: 'native', durationMs: 5, cpuMs: 5, peakMemoryBytes: 0 });
    await runs.save();
    expect((await run(`usage estimate ${file}`)).text).to.contain('Told from the last run of other programs in this language:\n');
    for (const durationMs of [100, 250, 2000]) runs.add('python', Buffer.from('print(1)'), { runtime: 'native', durationMs, cpuMs: durationMs / 2, peakMemoryBytes: 9 * 2 ** 20 });
    await runs.save();
    expect((await run(`usage estimate ${file}`, { prices: { currency: 'EUR', cpuSecond: 1 } })).text).to.equal(`
Told from the last 3 runs of this program:
           HALF AT MOST  95 IN 100 AT MOST
duration   250 ms        2.0 s
processor  125 ms        1.0 s
memory     9.0 MiB       9.0 MiB
cost       0.125 EUR     1 EUR
`.slice(1));
    expect(JSON.parse((await run(`usage estimate --json --runtime docker ${file}`)).text)).to.deep.equal({ language: 'python', basis: 'none', runs: 0 });
    expect(JSON.parse((await run(`usage estimate --json --language ruby ${file}`)).text)).to.deep.equal({ language: 'ruby', basis: 'none', runs: 0 });
  });

  it('says what is wrong with a file that cannot be read', async () => {
    expect(await run('usage estimate none.py')).to.deep.equal({ code: 125, text: '', said: ['codebeaker: none.py: there is no such file'] });
    const { code, text } = await run('usage estimate --json none.py');
    expect([code, JSON.parse(text)]).to.deep.equal([125, { outcome: 'notStarted', exitCode: null, signal: null, error: { message: 'none.py: there is no such file' } }]);
  });
});
