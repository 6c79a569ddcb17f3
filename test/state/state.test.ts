/** The state that daemons remember from run to run: it comes from this machine and is undamaged, or it is ignored. */
import { expect } from 'chai';
import fc from 'fast-check';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { foundSection } from '../../server/src/runtime/choice/catalog.ts';
import { measurementsSection, type Samples } from '../../server/src/runtime/choice/measurements.ts';
import { verdictsSection } from '../../server/src/runtime/kinds/deno/remembered.ts';
import { machineIdentity, type MachineIdentity } from '../../server/src/state/identity.ts';
import type { Section } from '../../server/src/state/section.ts';
import { State } from '../../server/src/state/state.ts';
import { type Line, recordingLog } from '../wire/server.ts';
import { FakeClock } from '../fakes/clock.ts';

const machine: MachineIdentity = { machine: 'm', kernel: '6.1', cpu: 'c', cores: 2 };
const samples = (value: number): Samples => ({ version: '1', measuredAt: 5, coldMs: [value], warmMs: [], memoryBytes: [] });

describe('the state', () => {
  let folder: string;
  let clock: FakeClock;
  let lines: Line[];
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'state-')), 'deep', 'state');
    clock = new FakeClock();
    lines = [];
  });
  afterEach(() => rmSync(dirname(dirname(folder)), { recursive: true, force: true }));

  const file = () => join(folder, 'runtimes.json');
  const open = (of: MachineIdentity = machine) => new State({ folder, machine: of, uid: process.getuid?.() ?? -1, sections: [measurementsSection, foundSection, verdictsSection], clock, log: recordingLog(lines) });
  const known = (of?: MachineIdentity) => [...open(of).entries(measurementsSection)].map(([id, { coldMs }]) => [id, ...coldMs]);
  const saved = async (...entries: [id: string, value: number][]) => {
    const state = open();
    for (const [id, value] of entries) state.entries(measurementsSection).set(id, samples(value));
    await state.close();
  };

  it('is read by the next daemon, is readable by its user alone, and leaves no other file', async () => {
    await saved(['docker', 1], ['deno', 2]);
    expect(known()).to.deep.equal([['docker', 1], ['deno', 2]]);
    expect([statSync(file()).mode & 0o777, statSync(folder).mode & 0o777]).to.deep.equal([0o600, 0o700]);
    expect(readdirSync(folder)).to.deep.equal(['runtimes.json']);
    expect(clock.pending).to.equal(0);
  });

  it('is written once for all entries that are set within ten seconds', async () => {
    const state = open();
    state.entries(measurementsSection).set('a', samples(1));
    await clock.advance(9_000);
    state.entries(measurementsSection).set('b', samples(2));
    expect(existsSync(file())).to.equal(false);
    await clock.advance(1_000);
    await state.close();
    const { mtimeMs } = statSync(file());
    expect(known()).to.deep.equal([['a', 1], ['b', 2]]);
    await state.close();
    expect(statSync(file()).mtimeMs).to.equal(mtimeMs);
    expect(clock.pending).to.equal(0);
  });

  for (const ms of [86_400_000, -86_400_000]) {
    it(`is written after ten seconds, also if the clock is set by ${ms / 3_600_000} hours meanwhile, and can be read afterwards`, async () => {
      const state = open();
      state.entries(measurementsSection).set('a', { ...samples(1), measuredAt: clock.now() });
      clock.set(ms);
      await clock.advance(9_999);
      expect(existsSync(file())).to.equal(false);
      await clock.advance(1);
      state.entries(measurementsSection).set('b', { ...samples(2), measuredAt: clock.now() });
      await state.close();
      expect([known(), readdirSync(folder), lines]).to.deep.equal([[['a', 1], ['b', 2]], ['runtimes.json'], []]);
    });
  }

  it('is not written if no entry was set', async () => {
    await (open()).close();
    expect(existsSync(folder)).to.equal(false);
  });

  const others: Record<string, Partial<MachineIdentity>> = { machine: { machine: 'x' }, kernel: { kernel: '6.2' }, processor: { cpu: 'x' }, 'number of cores': { cores: 4 } };
  for (const [name, change] of Object.entries(others)) {
    it(`is ignored and replaced on a machine with another ${name}`, async () => {
      await saved(['docker', 1]);
      expect(known({ ...machine, ...change })).to.deep.equal([]);
      const state = open({ ...machine, ...change });
      state.entries(measurementsSection).set('deno', samples(3));
      await state.close();
      expect([known({ ...machine, ...change }), known()]).to.deep.equal([[['deno', 3]], []]);
    });
  }

  const good = () => JSON.parse(readFileSync(file(), 'utf8')) as Record<string, unknown>;
  const damages: Record<string, () => void> = {
    'is empty': () => writeFileSync(file(), ''),
    'is cut short': () => writeFileSync(file(), readFileSync(file()).subarray(0, 60)),
    'is not JSON': () => writeFileSync(file(), 'x'),
    'is another kind of JSON': () => writeFileSync(file(), '[]'),
    'has another format': () => writeFileSync(file(), JSON.stringify({ ...good(), format: 2 })),
    'lacks a section': () => writeFileSync(file(), JSON.stringify({ ...good(), found: undefined })),
    'contains an invalid number': () => writeFileSync(file(), JSON.stringify({ ...good(), measurements: { docker: { ...samples(1), coldMs: [-1] } } })),
    'contains an invalid time': () => writeFileSync(file(), JSON.stringify({ ...good(), measurements: { docker: { ...samples(1), measuredAt: 1e300 } } })),
    'contains too many samples': () => writeFileSync(file(), JSON.stringify({ ...good(), measurements: { docker: { ...samples(1), coldMs: Array(1000).fill(1) } } })),
    'is far too large': () => writeFileSync(file(), JSON.stringify({ ...good(), more: 'x'.repeat(2 ** 20) })),
    'can be written by others': () => chmodSync(file(), 0o666),
    'is a symbolic link': () => {
      writeFileSync(join(folder, 'elsewhere'), readFileSync(file()), { mode: 0o600 });
      rmSync(file());
      symlinkSync(join(folder, 'elsewhere'), file());
    },
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`is ignored if its file ${name}, and the file is replaced`, async () => {
      await saved(['docker', 1]);
      damage();
      expect(known()).to.deep.equal([]);
      await saved(['deno', 2]);
      expect(known()).to.deep.equal([['deno', 2]]);
      expect([statSync(file()).mode & 0o777, lines]).to.deep.equal([0o600, []]);
    });
  }

  it('can be written again after any damage to the bytes of its file', async () => {
    await saved(['docker', 1]);
    const bytes = readFileSync(file());
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), async (at, byte, length) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = byte;
        writeFileSync(file(), damaged.subarray(0, length));
        await saved(['deno', 2]);
        expect((known()).map(([id]) => id)).to.include('deno');
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the entries of two daemons side by side', async () => {
    await saved(['shared', 0]);
    const [one, two] = [open(), open()];
    one.entries(measurementsSection).set('docker', samples(1));
    two.entries(measurementsSection).set('deno', samples(2));
    two.entries(measurementsSection).set('shared', samples(3));
    await one.close();
    await two.close();
    expect(new Map(known() as [string, number][])).to.deep.equal(new Map([['shared', 3], ['docker', 1], ['deno', 2]]));
  });

  it('is never seen half written when many daemons write at the same time', async () => {
    const daemons = Array.from({ length: 20 }, () => open());
    daemons.forEach((state, index) => state.entries(measurementsSection).set(`r${index}`, samples(index)));
    let reads = 0;
    let over = false;
    const reading = (async () => {
      while (!over) {
        if (existsSync(file())) reads += JSON.parse(readFileSync(file(), 'utf8')).format;
        await new Promise<void>((resolve) => void setImmediate(resolve));
      }
    })();
    await Promise.all(daemons.map((state) => state.close()));
    over = true;
    await reading;
    expect(reads).to.be.greaterThan(0);
    expect(known()).not.to.deep.equal([]);
    expect(readdirSync(folder)).to.deep.equal(['runtimes.json']);
  });

  it('contains the sections that were declared and no others', async () => {
    const words: Section<string> = { name: 'words', entry: z.string(), maxEntries: 2 };
    const options = { folder, machine, uid: process.getuid?.() ?? -1, sections: [words], clock, log: recordingLog(lines) };
    const state = new State(options);
    for (const word of ['a', 'b', 'c']) state.entries(words).set(word, word.toUpperCase());
    expect(() => state.entries(verdictsSection)).to.throw('invariant');
    await state.close();
    expect([...new State(options).entries(words)]).to.deep.equal([['b', 'B'], ['c', 'C']]);
    expect(good()).to.deep.equal({ format: 1, host: machine, words: { b: 'B', c: 'C' } });
    expect(known()).to.deep.equal([]);
  });

  it('is given up, with one warning and no endless loop, where no folder can be made (H5)', async () => {
    const state = new State({ folder: '/proc/nowhere/state', machine, uid: process.getuid?.() ?? -1, sections: [measurementsSection], clock, log: recordingLog(lines) });
    state.entries(measurementsSection).set('docker', samples(1));
    await state.close();
    expect(lines.map(({ level }) => level)).to.deep.equal(['warn']);
  });

  it('drops the oldest entries of a section that has too many', async () => {
    const state = open();
    for (let count = 0; count < 40; count += 1) state.entries(verdictsSection).set(`v${count}`, { version: '1', coldMs: 1, warmMs: 1, memoryBytes: 1, at: 1 });
    await state.close();
    const keys = [...open().entries(verdictsSection)].map(([key]) => key);
    expect([keys.length, keys[0], keys.at(-1)]).to.deep.equal([16, 'v24', 'v39']);
  });

  it('logs one warning if its file cannot be written, and goes on', async () => {
    writeFileSync(dirname(folder).replace(/deep$/, 'deep'), 'a file where the folder should be');
    const state = open();
    state.entries(measurementsSection).set('a', samples(1));
    await clock.advance(10_000);
    state.entries(measurementsSection).set('b', samples(1));
    await state.close();
    expect(lines.map(({ level, message }) => [level, message])).to.deep.equal([['warn', "measurements cannot be saved (ENOTDIR): check that stateDir in the configuration is a folder that can be written"]]);
    expect([...state.entries(measurementsSection)].length).to.equal(2);
  });

  it('removes the temporary files of daemons that died while they wrote, and nothing else', async () => {
    mkdirSync(folder, { recursive: true });
    for (const name of ['runtimes.json.aa.tmp', 'runtimes.json.bb.tmp', 'other.tmp']) writeFileSync(join(folder, name), '');
    for (const name of ['runtimes.json.aa.tmp', 'other.tmp']) utimesSync(join(folder, name), 0, 0);
    utimesSync(join(folder, 'runtimes.json.bb.tmp'), clock.now() / 1000, clock.now() / 1000);
    await saved(['docker', 1]);
    expect(readdirSync(folder).sort()).to.deep.equal(['other.tmp', 'runtimes.json', 'runtimes.json.bb.tmp']);
  });
});

describe('the identity of this machine', () => {
  it('is the same each time, and does not reveal the id of the machine', async () => {
    const identity = machineIdentity();
    expect(machineIdentity()).to.deep.equal(identity);
    expect(identity.machine).to.match(/^[0-9a-f]{32}$/);
    expect(identity.cores).to.be.greaterThan(0);
    const id = existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : '';
    expect(id !== '' && identity.machine === id).to.equal(false);
  });
});
