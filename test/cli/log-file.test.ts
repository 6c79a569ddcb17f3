/** The file of the log: it is put aside when it has grown, and who logs is never disturbed. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logFile } from '../../server/src/cli/log-file.ts';
import { FakeClock } from '../fakes/clock.ts';

describe('the file of the log', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const textOf = (name: string) => readFileSync(join(folder, name), 'utf8');
  const told: string[] = [];
  beforeEach(() => told.splice(0));
  const open = (more: object = {}) => logFile({ file: join(folder, 'log'), maxBytes: 12, keepFiles: 2, clock: new FakeClock(), instead: (line) => void told.push(line), ...more });

  it('is put aside when it would become too large, and so many are kept', () => {
    const write = open();
    for (const line of ['one', 'two', 'three', 'four', 'five', 'six', 'seven']) write(line);
    expect(readdirSync(folder).sort().map((name) => [name, textOf(name)])).to.deep.equal([['log', 'seven\n'], ['log.1', 'five\nsix\n'], ['log.2', 'three\nfour\n']]);
    expect(statSync(join(folder, 'log')).mode & 0o777).to.equal(0o600);
    expect(told).to.deep.equal([]);
  });

  it('is begun anew where none are kept', () => {
    const write = open({ keepFiles: 0 });
    for (const line of ['one', 'two', 'three', 'four']) write(line);
    expect(readdirSync(folder).map((name) => [name, textOf(name)])).to.deep.equal([['log', 'three\nfour\n']]);
  });

  it('is shared: what one daemon puts aside, the other goes on without', () => {
    const [one, other] = [open(), open()];
    for (let turn = 0; turn < 4; turn++) (one(`one ${turn}`), other(`two ${turn}`));
    expect(['log.2', 'log.1', 'log'].map(textOf).join('')).to.equal('one 1\ntwo 1\none 2\ntwo 2\none 3\ntwo 3\n');
  });

  it('grows while another daemon puts it aside, and not for ever if that one has died', () => {
    const lock = join(folder, 'log.lock');
    writeFileSync(lock, '');
    const clock = new FakeClock();
    utimesSync(lock, clock.now() / 1000, clock.now() / 1000);
    const write = open({ clock });
    for (const line of ['one', 'two', 'three', 'four', 'five']) write(line);
    expect(readdirSync(folder).filter((name) => name !== 'log.lock')).to.deep.equal(['log']);
    clock.set(20_000);
    for (const line of ['six', 'seven']) write(line);
    expect(readdirSync(folder).sort()).to.deep.equal(['log', 'log.1']);
    expect(textOf('log.1')).to.equal('one\ntwo\nthree\nfour\nfive\nsix\n');
  });

  it('is replaced by stderr while it cannot be written, which is said once', () => {
    const write = open({ maxBytes: 2 ** 20 });
    rmSync(join(folder, 'log'));
    mkdirSync(join(folder, 'log'));
    write('one');
    write('two');
    rmSync(join(folder, 'log'), { recursive: true });
    write('three');
    expect(told.slice(1)).to.deep.equal(['one', 'two']);
    expect(told[0]).to.match(/^codebeaker: .* cannot be written \(EISDIR\), so the log goes to stderr/);
    expect(textOf('log')).to.equal('three\n');
  });

  it('is refused at once where it cannot be written from the beginning', () => {
    expect(() => open({ file: join(folder, 'none', 'log') })).to.throw('ENOENT');
  });
});
