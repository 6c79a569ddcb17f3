/** The shelf: environments are put onto it whole, found by their keys, and removed when nobody uses them. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../../server/src/base/log.ts';
import { type Made, Shelf } from '../../../server/src/packages/shelf/shelf.ts';
import type { Staging } from '../../../server/src/packages/shelf/staging.ts';
import { TooMuch } from '../../../server/src/packages/shelf/tree.ts';
import { holdLock } from '../../../server/src/runtime/machine/lock.ts';
import { FakeClock } from '../../fakes/clock.ts';

const key = (digit: string) => digit.repeat(64);
const made = (change: Partial<Made> = {}): Made => ({ key: key('a'), manager: 'pip', label: 'one', locked: true, searchPath: '/bin', modules: [], installed: [{ name: 'one', version: '1' }], ...change });
const signal = new AbortController().signal;
const HOUR = 3_600_000;

describe('the shelf', () => {
  let cache: string;
  let clock: FakeClock;
  let next = 0;
  const open: Shelf[] = [];

  beforeEach(() => {
    cache = realpathSync(mkdtempSync(join(tmpdir(), 'cache-')));
    clock = new FakeClock();
  });
  afterEach(async () => {
    for (const shelf of open.splice(0)) await shelf.close();
    rmSync(cache, { recursive: true, force: true });
  });

  const make = (owner = `codebeaker-1-${(next++).toString(16).padStart(12, '0')}`) => {
    const shelf = new Shelf({ cache, owner, uid: process.getuid?.() ?? -1, clock, log: createLog('error', (line) => expect.fail(line)) });
    open.push(shelf);
    return shelf;
  };
  const fill = async (shelf: Shelf, text: string): Promise<Staging> => {
    const staging = await shelf.stage();
    writeFileSync(join(staging.path, 'file'), text);
    return staging;
  };
  const put = async (shelf: Shelf, digit: string, text = digit, until = 0) => shelf.keep(await fill(shelf, text), made({ key: key(digit) }), until, signal);
  const onShelf = () => readdirSync(join(cache, 'packages', 'shelf'));

  it('finds what was put onto it, also for another daemon', async () => {
    const record = await put(make(), 'a', 'text');
    const other = make();
    const found = await other.find(key('a'), { until: 0, maxAgeMs: HOUR });
    expect(found).to.deep.equal(record);
    expect(readFileSync(join(await other.path(), record.name, 'file'), 'utf8')).to.equal('text');
    expect(await other.find(key('b'), { until: 0, maxAgeMs: HOUR })).to.equal(undefined);
    expect(await other.isIntact(record, signal)).to.equal(true);
  });

  it('can be passed through and not be listed', async () => {
    expect(lstatSync(await make().path()).mode & 0o777).to.equal(0o311);
    for (const name of ['records', 'keys', 'making']) expect(lstatSync(join(cache, 'packages', name)).mode & 0o777, name).to.equal(0o700);
  });

  it('gives what was not locked for a while only', async () => {
    const shelf = make();
    await shelf.keep(await fill(shelf, 'x'), made({ locked: false }), 0, signal);
    await clock.advance(HOUR);
    expect(await shelf.find(key('a'), { until: 0, maxAgeMs: HOUR })).not.to.equal(undefined);
    await clock.advance(1);
    expect(await shelf.find(key('a'), { until: 0, maxAgeMs: HOUR })).to.equal(undefined);
  });

  it('brings the permissions of hostile trees in order, and follows no link (F-A8)', async () => {
    const shelf = make();
    const staging = await fill(shelf, 'x');
    const outside = join(cache, 'outside');
    writeFileSync(outside, 'secret', { mode: 0o600 });
    const at = (name: string) => join(staging.path, name);
    symlinkSync(outside, at('link'));
    symlinkSync(cache, at('folder-link'));
    writeFileSync(at('setuid'), '', { mode: 0o755 });
    chmodSync(at('setuid'), 0o6777);
    writeFileSync(at('closed'), 'closed');
    chmodSync(at('closed'), 0);
    mkdirSync(at('hidden/below'), { recursive: true });
    writeFileSync(at('hidden/below/program'), '', { mode: 0o700 });
    chmodSync(at('hidden/below'), 0);
    chmodSync(at('hidden'), 0);
    linkSync(at('file'), at('again'));
    execFileSync('mkfifo', [at('pipe')]);
    const record = await shelf.keep(staging, made(), 0, signal);
    const mode = (name: string) => (lstatSync(join(cache, 'packages', 'shelf', record.name, name)).mode & 0o7777).toString(8);
    expect(['', 'file', 'setuid', 'closed', 'hidden', 'hidden/below', 'hidden/below/program'].map(mode)).to.deep.equal(['755', '644', '755', '644', '755', '755', '755']);
    expect(lstatSync(outside).mode & 0o777).to.equal(0o600);
    expect(record.files).to.equal(10);
    expect(existsSync(join(cache, 'packages', 'shelf', record.name, 'pipe')), 'what is no file, directory or link').to.equal(false);
    expect(await shelf.isIntact(record, signal)).to.equal(true);
  });

  it('notices when something of it has changed', async () => {
    const shelf = make();
    const changes: Record<string, (folder: string) => void> = {
      content: (folder) => writeFileSync(join(folder, 'file'), 'y'),
      name: (folder) => writeFileSync(join(folder, 'more'), ''),
      mode: (folder) => chmodSync(join(folder, 'file'), 0o755),
      // It stands at the same place among the others.
      'another name': (folder) => renameSync(join(folder, 'file'), join(folder, 'filf')),
      link: (folder) => (rmSync(join(folder, 'link')), symlinkSync('elsewhere', join(folder, 'link'))),
      'a link in place of a file': (folder) => (rmSync(join(folder, 'file')), symlinkSync('other', join(folder, 'file'))),
    };
    for (const [what, change] of Object.entries(changes)) {
      const staging = await fill(shelf, 'x');
      symlinkSync('file', join(staging.path, 'link'));
      const record = await shelf.keep(staging, made(), 0, signal);
      expect(await shelf.isIntact(record, signal), 'before').to.equal(true);
      change(join(cache, 'packages', 'shelf', record.name));
      expect(await shelf.isIntact(record, signal), what).to.equal(false);
    }
  });

  it('refuses trees that are too deep, and removes them all the same (F-A8)', async () => {
    const shelf = make();
    const staging = await fill(shelf, 'x');
    const deep = Array.from({ length: 300 }, () => 'd').join('/');
    mkdirSync(join(staging.path, deep), { recursive: true });
    chmodSync(join(staging.path, 'd'), 0);
    expect(await shelf.keep(staging, made(), 0, signal).catch((fault: unknown) => fault)).to.be.instanceOf(TooMuch);
    await staging.discard();
    expect(existsSync(staging.path)).to.equal(false);
    expect(onShelf()).to.deep.equal([]);
  });

  it('removes what was used least recently, and nothing that is in use', async () => {
    const shelf = make();
    const [one, two, three] = [await put(shelf, '1'), await put(shelf, '2'), await put(shelf, '3')];
    await clock.advance(1000);
    await shelf.find(key('1'), { until: 0, maxAgeMs: HOUR });
    await shelf.find(key('2'), { until: clock.now() + HOUR, maxAgeMs: HOUR });
    expect((await shelf.prune(one.bytes + two.bytes)).map(({ name }) => name)).to.deep.equal([three.name]);
    expect((await shelf.prune(0)).map(({ name }) => name)).to.deep.equal([one.name]);
    expect((await shelf.list()).map(({ name }) => name)).to.deep.equal([two.name]);
    expect(await make().remove(two), 'in use').to.equal(false);
    await clock.advance(2 * HOUR);
    expect(await make().remove(two), 'after the time, whoever used it').to.equal(true);
    expect(onShelf()).to.deep.equal([]);
    expect(['records', 'keys'].flatMap((name) => readdirSync(join(cache, 'packages', name)))).to.deep.equal([]);
  });

  for (const [what, ms] of [['forward', 24 * HOUR], ['back', -24 * HOUR]] as const) {
    it(`keeps what it uses for as long as it is used, when somebody sets the clock ${what}`, async () => {
      const shelf = make();
      const record = await put(shelf, 'a', 'a', clock.now() + HOUR);
      clock.set(ms);
      expect((await shelf.prune(0)).length, 'in use').to.equal(0);
      expect(await shelf.find(key('a'), { until: clock.now() + HOUR, maxAgeMs: HOUR })).to.deep.equal(record);
      await shelf.release(record);
      await shelf.release(record);
      expect(await shelf.remove(record)).to.equal(true);
    });
  }

  it('removes what was replaced by something newer, when nobody uses it, however much room there is', async () => {
    const [one, other] = [make(), make()];
    const first = await put(one, 'a', 'old', clock.now() + HOUR);
    const second = await put(other, 'a', 'new');
    expect(await other.prune(Infinity), 'in use').to.deep.equal([]);
    await one.release(first);
    expect((await other.prune(Infinity)).map(({ name }) => name)).to.deep.equal([first.name]);
    expect((await other.find(key('a'), { until: 0, maxAgeMs: HOUR }))?.name).to.equal(second.name);
  });

  it('removes what is no longer in use, before the time', async () => {
    const shelf = make();
    const record = await put(shelf, 'a', 'a', clock.now() + HOUR);
    await shelf.find(key('a'), { until: clock.now() + HOUR, maxAgeMs: HOUR });
    await shelf.release(record);
    expect(await shelf.remove(record), 'one still uses it').to.equal(false);
    await shelf.release(record);
    expect(await shelf.remove(record)).to.equal(true);
    const other = await put(shelf, 'b', 'b', clock.now() + HOUR);
    const next = make();
    expect(await next.remove(other), 'another daemon uses it').to.equal(false);
    await shelf.close();
    expect(await next.remove(other), 'that daemon has ended').to.equal(true);
  });

  it('removes what a daemon used that was killed', async () => {
    const owner = 'codebeaker-2-bbbbbbbbbbbb';
    const record = await put(make(owner), 'a', 'a', clock.now() + HOUR);
    const own = join(cache, 'packages', 'making', owner);
    // Its lock is what a daemon leaves that was killed: a socket on which nobody listens.
    const [lock = ''] = readdirSync(own);
    rmSync(join(own, lock));
    (await holdLock(own))();
    const next = make();
    expect((await next.list()).map(({ until }) => until)).to.deep.equal([0]);
    expect(await next.remove(record)).to.equal(true);
  });

  it('takes nothing for whole that a daemon left half', async () => {
    const shelf = make();
    const record = await put(shelf, 'a');
    rmSync(join(cache, 'packages', 'shelf', record.name), { recursive: true });
    expect(await shelf.find(key('a'), { until: 0, maxAgeMs: HOUR })).to.equal(undefined);
    expect(await shelf.list()).to.deep.equal([]);
    const path = join(cache, 'packages', 'records', `${record.name}.json`);
    expect(existsSync(path)).to.equal(true);
    await clock.advance(HOUR);
    await shelf.list();
    expect(existsSync(path)).to.equal(false);
    writeFileSync(join(cache, 'packages', 'keys', key('b')), '../../../etc');
    expect(await shelf.find(key('b'), { until: 0, maxAgeMs: HOUR })).to.equal(undefined);
  });

  it('leaves nothing of what a daemon was making, whether it ends or dies', async () => {
    const shelf = make();
    await fill(shelf, 'x');
    await shelf.close();
    expect(readdirSync(join(cache, 'packages', 'making'))).to.deep.equal([]);
    const dead = join(cache, 'packages', 'making', 'codebeaker-2-aaaaaaaaaaaa');
    mkdirSync(join(dead, 'half'), { recursive: true });
    utimesSync(dead, 0, 0);
    await make().path();
    while (existsSync(dead)) await new Promise(setImmediate);
  });

  it('is made again where somebody has removed it', async () => {
    const shelf = make();
    await put(shelf, 'a');
    chmodSync(join(cache, 'packages', 'shelf'), 0o700);
    rmSync(join(cache, 'packages'), { recursive: true });
    expect(await shelf.find(key('a'), { until: 0, maxAgeMs: HOUR })).to.equal(undefined);
    expect(await shelf.find((await put(shelf, 'b')).key, { until: 0, maxAgeMs: HOUR })).not.to.equal(undefined);
  });
});
