/** What daemons have used, in the folder that they share: nothing is counted twice and nothing is lost, whoever dies when. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nothing, sum } from '../../server/src/usage/amounts.ts';
import { dayAt, dayOf, daysBefore } from '../../server/src/usage/day.ts';
import { Journal } from '../../server/src/usage/journal.ts';
import { temporaryFolder } from '../policy/folder.ts';

const now = new Date(2026, 10, 29, 12).getTime();
const today = dayOf(now);

describe('a day', () => {
  it('goes from midnight to midnight of this machine, also where the clock is changed', () => {
    for (const moment of [new Date(2026, 2, 29, 2, 30), new Date(2026, 9, 25, 2, 30), new Date(2028, 1, 29), new Date(2026, 11, 31, 23, 59, 59)]) {
      const { name, from, until } = dayAt(moment.getTime());
      expect([dayOf(from), dayOf(until - 1), dayOf(moment.getTime())]).to.deep.equal([name, name, name]);
      expect(dayOf(until)).not.to.equal(name);
      expect(daysBefore(until, 1)).to.equal(name);
    }
    expect(daysBefore(new Date(2026, 0, 1).getTime(), 1)).to.equal('2025-12-31');
  });
});

describe('the journal of what was used', () => {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder(), 'usage', name);
  const open = () => new Journal(join(folder(), 'usage'));
  const used = (commands: number) => ({ ...nothing, commands });

  it('tells each daemon what the others have used, as soon as they have written it', async () => {
    const [one, two, three] = [open(), open(), open()];
    expect(one.others(today)).to.deep.equal(nothing);
    await one.append(today, { ...used(1), cpuSeconds: 0.1 });
    await two.append(today, { ...used(2), cpuSeconds: 0.2 });
    await one.append(today, used(4));
    expect([one, two, three].map((each) => each.others(today).commands)).to.deep.equal([2, 5, 7]);
    expect(three.others(today)).to.deep.equal({ ...used(7), cpuSeconds: 0.3 });
    await three.append(today, used(8));
    expect([one, two, three].map((each) => each.others(today).commands)).to.deep.equal([10, 13, 7]);
    expect(open().others(today).commands, 'one that begins later').to.equal(15);
    expect(one.others(daysBefore(now, 1)), 'another day').to.deep.equal(nothing);
  });

  it('loses nothing when many write at once', async () => {
    const daemons = Array.from({ length: 8 }, open);
    await Promise.all(daemons.flatMap((daemon) => Array.from({ length: 25 }, () => daemon.append(today, used(1)))));
    expect(open().others(today).commands).to.equal(200);
  });

  it('is for this user alone', async () => {
    await open().append(today, used(1));
    expect([statSync(path('')).mode & 0o777, statSync(path(`${today}.jsonl`)).mode & 0o777]).to.deep.equal([0o700, 0o600]);
  });

  it('takes what is damaged for nothing, and a line that is cut off spoils no other', async () => {
    const daemon = open();
    await daemon.append(today, used(1));
    appendFileSync(path(`${today}.jsonl`), '\n{"by":"x","commands":1');
    await daemon.append(today, used(2));
    appendFileSync(path(`${today}.jsonl`), '\nnull\n[]\n{"by":"x","commands":-5}\n{"by":"x","commands":"many"}\n{"commands":7}\n{"by":"x","commands":1e308}\n\0\0\n');
    appendFileSync(path(`${today}.jsonl`), `${'x'.repeat(9 * 1024 * 1024)}\n`);
    await daemon.append(today, used(4));
    expect(open().others(today).commands).to.equal(7);
  });

  it('goes on when its folder is removed while daemons live', async () => {
    const [one, two] = [open(), open()];
    await one.append(today, used(5));
    expect(two.others(today).commands).to.equal(5);
    rmSync(path(''), { recursive: true });
    expect(two.others(today).commands).to.equal(0);
    await one.append(today, used(1));
    expect(two.others(today).commands).to.equal(1);
  });

  const strange: Record<string, (at: string) => void> = {
    'a folder': (at) => mkdirSync(at),
    'a link': (at) => {
      writeFileSync(path('elsewhere'), '\n{"by":"ab","commands":5}\n');
      symlinkSync(path('elsewhere'), at);
    },
    'a pipe': (at) => execFileSync('mkfifo', [at]),
  };
  for (const [what, make] of Object.entries(strange)) {
    it(`neither reads nor writes what stands in the place of its file: ${what}`, async () => {
      mkdirSync(path(''), { recursive: true });
      make(path(`${today}.jsonl`));
      expect(open().others(today)).to.deep.equal(nothing);
      const fault = await open().append(today, used(1)).catch((thrown: { code?: string }) => thrown.code);
      expect(fault).to.be.oneOf(['EISDIR', 'ELOOP', 'ENXIO']);
    });
  }

  const past = (days: number) => daysBefore(now, days);
  const lay = (name: string, ...commands: number[]) => {
    mkdirSync(path(''), { recursive: true });
    writeFileSync(path(name), commands.map((each) => `\n{"by":"ab","commands":${each}}\n`).join(''));
  };
  const days = async () => Object.fromEntries([...(await open().days())].map(([day, { commands }]) => [day, commands]));

  it('folds days that are over into a line, and leaves today and yesterday as they are', async () => {
    for (const ago of [0, 1, 2, 40]) lay(`${past(ago)}.jsonl`, 1, ago);
    const before = await days();
    expect(before).to.deep.equal({ [past(40)]: 41, [past(2)]: 3, [past(1)]: 2, [today]: 1 });
    await open().fold(now);
    expect(await days()).to.deep.equal(before);
    expect(readdirSync(path('')).sort()).to.deep.equal([`${past(40).slice(0, 7)}.months.jsonl`, `${past(2).slice(0, 7)}.months.jsonl`, `${past(1)}.jsonl`, `${today}.jsonl`].sort());
    await open().fold(now);
    expect(await days()).to.deep.equal(before);
  });

  it('counts a day once, however many daemons fold it at once', async () => {
    for (let ago = 2; ago < 10; ago++) lay(`${past(ago)}.jsonl`, ago, 1);
    const before = await days();
    await Promise.all(Array.from({ length: 6 }, () => open().fold(now)));
    expect(await days()).to.deep.equal(before);
    expect(readdirSync(path('')).every((name) => name.includes('.months.'))).to.equal(true);
  });

  it('counts a day once if the daemon that folds it dies in between', async () => {
    lay(`${past(3)}.jsonl`, 5);
    renameSync(path(`${past(3)}.jsonl`), path(`${past(3)}.abc.claimed`));
    expect(await days(), 'claimed').to.deep.equal({ [past(3)]: 5 });
    writeFileSync(path(`${past(3).slice(0, 7)}.months.jsonl`), `${JSON.stringify({ day: past(3), of: `${past(3)}.abc.claimed`, commands: 5 })}\n`);
    expect(await days(), 'folded and not yet removed').to.deep.equal({ [past(3)]: 5 });
    lay(`${past(3)}.jsonl`, 2);
    await open().fold(now);
    expect(await days(), 'with what came late').to.deep.equal({ [past(3)]: 7 });
    expect(existsSync(path(`${past(3)}.abc.claimed`))).to.equal(false);
    expect(readFileSync(path(`${past(3).slice(0, 7)}.months.jsonl`), 'utf8').match(/abc\.claimed/g)).to.have.lengthOf(1);
  });

  it('forgets what is older than 400 days, a month at a time', async () => {
    for (const ago of [399, 480]) lay(`${past(ago)}.jsonl`, 1);
    await open().fold(now);
    await open().fold(now);
    expect(await days()).to.deep.equal({ [past(399)]: 1 });
  });

  it('adds without making digits out of nothing', () => {
    let so = nothing;
    for (let turn = 0; turn < 10; turn++) so = sum(so, { cpuSeconds: 0.1 });
    expect(so.cpuSeconds).to.equal(1);
  });
});
