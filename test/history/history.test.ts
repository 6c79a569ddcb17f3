/** The history in its folder: whoever writes, dies, clears or is newer, no entry is lost and none is told twice. */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entryFor, MAX_KEPT_BYTES, type Ran } from '../../server/src/history/entry.ts';
import { History, MAX_WAITING } from '../../server/src/history/history.ts';
import { entryOf, FORM, lineOf, type Migrations } from '../../server/src/history/line.ts';
import { historyPolicy } from '../../server/src/policy/history.ts';
import type { HistoryConfig, HistoryEntry } from '../../server/src/protocol/index.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { until } from '../e2e/environment.ts';
import { recordingLog } from '../wire/server.ts';

const DAY_MS = 86_400_000;

const ran: Ran = {
  method: 'command/runCode', params: { code: 'print(1)' }, sessionId: 's', language: 'python', runtime: 'fake', asked: undefined, client: undefined, at: Date.UTC(2030, 0, 1), durationMs: 1, file: undefined,
  result: { commandId: 'c', outcome: 'exited', exitCode: 0, signal: null, stdoutBytes: 0, stderrBytes: 0, truncated: false, durationMs: 1 },
  redact: (text) => text,
};

describe('an entry', () => {
  const entry = (more: Partial<Ran>, code: 'hash' | 'keep' = 'keep') => entryFor({ ...ran, ...more }, { code });

  it('has no text that is long', () => {
    const long = 'x'.repeat(MAX_KEPT_BYTES + 1);
    expect(entry({ params: { code: long } })).to.include({ codeBytes: MAX_KEPT_BYTES + 1 }).and.not.to.have.any.keys('code');
    expect(entry({ params: { code: '1', args: [long] } })).not.to.have.any.keys('args');
    expect(entry({ method: 'command/executeShell', params: { command: long } })).not.to.have.any.keys('command');
  });

  it('has the digest of the file that ran, if somebody has read it', () => {
    const digest = entry({ params: { code: 'print(1)' } }).codeSha256;
    expect(entry({ params: { path: 'a.py' }, file: Buffer.from('print(1)') })).to.include({ path: 'a.py', codeSha256: digest, code: 'print(1)' });
    expect(entry({ params: { path: 'a.py' }, file: Buffer.from('print(1)') }, 'hash')).to.include({ codeSha256: digest }).and.not.to.have.any.keys('code');
    expect(entry({ params: { path: 'a.py' } })).not.to.have.any.keys('codeSha256', 'code');
  });

  it('of an installation has the packages, and of what failed the error', () => {
    expect(entry({ method: 'command/installPackages', params: { packages: ['idna==3.7'] }, result: 'DiskFull' })).to.deep.include({ packages: ['idna==3.7'], outcome: 'failed', error: 'DiskFull', exitCode: null });
  });
});

describe('a line of the history', () => {
  const entry = entryFor(ran, { code: 'hash' });

  it('of an older form is made a new one, step by step', () => {
    const steps: Migrations = {
      1: ({ finished, ...line }) => ({ ...line, ended: finished }),
      2: ({ ended, ...line }) => ({ ...line, at: ended }),
    };
    const { at, ...rest } = lineOf(entry);
    expect(entryOf({ ...rest, v: 1, finished: at }, steps, 3)).to.deep.equal(entry);
    expect(entryOf({ ...rest, v: 2, ended: at }, steps, 3)).to.deep.equal(entry);
    expect(entryOf({ ...rest, v: 1, finished: at }, {}, 3), 'a form that nobody knows any more').to.equal(undefined);
  });

  it('of a newer form, or with nothing that is known, is none', () => {
    expect(entryOf(lineOf(entry))).to.deep.equal(entry);
    for (const line of [{ ...entry, v: FORM + 1 }, { ...entry }, { ...entry, v: 'x' }, { v: FORM }, null, 7, undefined, []]) expect(entryOf(line)).to.equal(undefined);
    expect(entryOf({ ...lineOf(entry), later: 1 })).to.deep.equal(entry);
  });
});

describe('the history in its folder', () => {
  const folder = temporaryFolder();
  const path = (name = '') => join(folder(), 'history', name);
  const open = (config: HistoryConfig = {}, clock = new FakeClock()) => {
    const lines: { message: string }[] = [];
    const history = new History({ folder: path(), policy: historyPolicy({ history: config }), clock, log: recordingLog(lines as never[]) });
    const add = (exitCode: number, more: Partial<HistoryEntry> = {}) => {
      const at = clock.now();
      history.add(() => ({ ...entryFor({ ...ran, at }, { code: 'hash' }), exitCode, ...more }));
    };
    return { history, add, clock, lines };
  };
  const codes = async (history: History, limit = 1000) => (await history.list({ limit })).entries.map(({ exitCode }) => exitCode);
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

  it('loses nothing when many daemons write at once', async () => {
    const daemons = range(0, 8).map(() => open());
    await Promise.all(range(0, 200).map(async (at) => {
      const { history, add } = daemons[at % 8] as ReturnType<typeof open>;
      add(at);
      await history.save();
    }));
    expect((await codes(open().history)).sort((a, b) => Number(a) - Number(b))).to.deep.equal(range(0, 200));
  });

  it('keeps what a daemon has written that is killed, whatever the moment', async function () {
    this.timeout(60_000);
    const program = fileURLToPath(new URL('writer.ts', import.meta.url));
    const daemons = range(0, 3).map(() => spawn(process.execPath, ['--import', fileURLToPath(new URL('../../server/scripts/from-source.mjs', import.meta.url)), program, path()], { stdio: ['ignore', 'pipe', 'inherit'] }));
    const said = daemons.map(() => '');
    daemons.forEach((daemon, at) => daemon.stdout.on('data', (chunk: Buffer) => (said[at] += chunk.toString())));
    await until('all write', () => said.every((text) => text.split('\n').length > 20));
    const ends = daemons.map((daemon) => new Promise((resolve) => daemon.once('close', resolve)));
    for (const daemon of daemons) daemon.kill('SIGKILL');
    await Promise.all(ends);
    const written = said.flatMap((text) => text.split('\n').slice(0, -1));
    const { history, add } = open({ maxEntries: 1_000_000 }, new FakeClock(Date.now()));
    add(99);
    const entries: HistoryEntry[] = [];
    for (let before: string | undefined; ; before = entries.at(-1)?.entryId) {
      const page = await history.list({ limit: 1000, ...(before === undefined ? {} : { before }) });
      expect(page.unreadable ?? 0, 'lines that are cut off').to.be.at.most(3);
      entries.push(...page.entries);
      if (page.entries.length < 1000) break;
    }
    const kept = entries.map(({ entryId }) => entryId);
    expect(new Set(kept).size).to.equal(kept.length);
    expect(kept).to.include.members(written);
    expect(entries.some(({ exitCode }) => exitCode === 99)).to.equal(true);
  });

  it('keeps so many entries, so many bytes and so many days', async () => {
    const { history, add, clock } = open({ maxEntries: 200, maxBytes: 200_000, keepDays: 3 });
    for (let at = 0; at < 400; at++) {
      add(at);
      if (at % 5 === 4) await history.save();
    }
    expect(await codes(history)).to.deep.equal(range(200, 400).reverse());
    expect((await codes(open({ maxEntries: 200 }, clock).history)).length, 'in another daemon').to.equal(200);
    expect(readdirSync(path()).length).to.be.within(2, 20);
    const kept = () => readdirSync(path()).map((name) => statSync(path(name)).size).reduce((sum, size) => sum + size, 0);
    for (let at = 0; at < 100; at++) {
      add(at, { code: 'x'.repeat(5000) });
      await history.save();
    }
    expect(kept()).to.be.at.most(230_000);
    await clock.advance(4 * DAY_MS);
    add(1000);
    expect(await codes(history)).to.deep.equal([1000]);
  });

  it('keeps the latest file, however little may be kept', async () => {
    const { history, add } = open({ maxEntries: 1, maxBytes: 1 });
    for (const at of range(0, 3)) {
      add(at);
      await history.save();
    }
    expect(await codes(history)).to.deep.equal([2]);
  });

  it('counts the lines that it can\'t read, and a line that is cut off spoils no other', async () => {
    const { history, add } = open();
    add(1);
    await history.save();
    const [name = ''] = readdirSync(path());
    appendFileSync(path(name), `\n{"v":${FORM + 1},"entryId":"later"}\nnull\n{"v":1,"entr`);
    add(2);
    const { entries, unreadable } = await history.list({});
    expect([entries.map(({ exitCode }) => exitCode), unreadable]).to.deep.equal([[2, 1], 3]);
  });

  it('clears up to a time, keeps the lines of newer versions as they are, and loses nothing that is added meanwhile', async () => {
    const { history, add, clock } = open();
    for (const at of range(0, 20)) {
      add(at);
      await clock.advance(60_000);
    }
    await history.save();
    const [name = ''] = readdirSync(path());
    appendFileSync(path(name), `{"v":${FORM + 1},"entryId":"later","new":[1]}\n`);
    const other = open({}, clock);
    const adding = (async () => {
      for (const at of range(100, 160)) {
        other.add(at);
        await other.history.save();
      }
    })();
    for (let turn = 1; turn <= 10; turn++) expect(await history.clear(Date.UTC(2030, 0, 1) + turn * 60_000)).to.equal(1);
    await adding;
    expect((await codes(history)).sort((a, b) => Number(a) - Number(b))).to.deep.equal([...range(10, 20), ...range(100, 160)]);
    expect(readdirSync(path()).map((each) => readFileSync(path(each), 'utf8')).join()).to.contain('"new":[1]');
    expect(await history.clear(undefined)).to.equal(70);
    expect(readdirSync(path())).to.deep.equal([]);
  });

  it('removes what a daemon left that died while it cleared, but not what one is just writing', async () => {
    const { history, clock } = open();
    mkdirSync(path());
    for (const name of ['old.tmp', 'new.tmp']) writeFileSync(path(name), '');
    utimesSync(path('old.tmp'), 1, 1);
    utimesSync(path('new.tmp'), clock.now() / 1000, clock.now() / 1000);
    await history.clear(undefined);
    expect(readdirSync(path())).to.deep.equal(['new.tmp']);
  });

  it('keeps a bounded number of entries while it can\'t write, writes them when it can, and says both', async () => {
    writeFileSync(path(), 'no folder');
    const { history, add, lines } = open();
    for (const at of range(0, MAX_WAITING + 5)) {
      add(at);
      if (at % 100 === 0) await history.save();
    }
    await history.save();
    rmSync(path());
    add(5000);
    expect(await codes(history)).to.deep.equal([5000, ...range(6, MAX_WAITING + 5).reverse()].slice(0, 1000));
    expect(lines.map(({ message }) => message.split(':')[0])).to.deep.equal([
      'what ran can\'t be written into the history (ENOTDIR), so only the last 1000 entries are kept, in memory', 'the history is written again; 6 of its entries were lost meanwhile',
    ]);
  });

  it('makes digests when nobody waits, and has no crowd of programs in memory', () => {
    const { history } = open();
    let made = 0;
    for (let at = 0; at < 63; at++) history.add(() => (made++, entryFor(ran, { code: 'hash' })));
    expect(made).to.equal(0);
    history.add(() => (made++, entryFor(ran, { code: 'hash' })));
    expect(made).to.equal(64);
  });
});
