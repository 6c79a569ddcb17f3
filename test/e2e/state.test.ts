/** The disk with the state of the daemon is full, read-only or gone: programs run, and a warning says what can't be kept. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { need, root } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { daemonEnvironment } from './environment.ts';
import { RawClient } from './raw-client.ts';

const DISK_BYTES = 65_536;
const NOT_SAVED = (code: string) => `measurements cannot be saved (${code}): check that stateDir in the configuration is a folder that can be written`;
/** Everything that is told of a state folder in which nothing can be kept, each thing once. */
const TOLD = (code: string, why: string) => [
  NOT_SAVED(code),
  `the audit log can't be written: ${why} (${code})`,
  `what is used cannot be saved (${code}), so other daemons do not count it: check that stateDir in the configuration is a folder that can be written`,
  `what ran can't be written into the history (${code}), so only the last 1000 entries are kept, in memory: check that stateDir in the configuration is a folder that can be written, on a disk that is not full`,
];

describe('a daemon with its state on a disk', () => {
  before(need('root', root));
  before(need('bubblewrap', bubblewrap));

  let disk: string;
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk]);
    mkdirSync(join(disk, 'state'));
  });
  afterEach(() => {
    execFileSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true });
  });

  const state = () => join(disk, 'state');
  const begin = async (config: object = {}) => {
    const client = new RawClient({ env: daemonEnvironment({ stateDir: state(), ...config }) });
    await client.initialize();
    return client;
  };
  const works = async (client: RawClient) => {
    const { sessionId } = await client.request('session/create', { language: 'shellscript', runtime: 'native' });
    const { outcome, exitCode } = await client.request('command/executeShell', { sessionId, command: 'exit 7' });
    expect([outcome, exitCode]).to.deep.equal(['exited', 7]);
    await client.request('session/close', { sessionId });
  };
  /** Fills it to the last byte. Returns what makes room again. */
  const fill = () => {
    const filler = join(disk, 'filler');
    expect(() => {
      for (let count = 0; ; count++) writeFileSync(filler, Buffer.alloc(4096), { flag: 'a' });
    }).to.throw('ENOSPC');
    return () => rmSync(filler);
  };
  const messages = ({ stderr }: RawClient) => stderr.split('\n').filter(Boolean).map((line) => line.replace(/^\S+ warn \[codebeaker\.\w+\] /, '')).sort();

  it('that is full runs programs, warns once, leaves no half file, and keeps what it finds when there is room again', async () => {
    const empty = fill();
    const client = await begin();
    await works(client);
    await works(client);
    expect(await client.end()).to.equal(0);
    expect(messages(client)).to.deep.equal(TOLD('ENOSPC', 'the disk is full'));
    expect(readdirSync(state()).filter((name) => name.startsWith('runtimes'))).to.deep.equal([]);
    empty();
    const next = await begin();
    await works(next);
    expect([await next.end(), next.stderr, readdirSync(state())]).to.deep.equal([0, '', ['audit', 'audit-heads', 'history', 'runtimes.json', 'usage']]);
  });

  it('that becomes read-only keeps what it had, runs programs, and warns once', async () => {
    const first = await begin();
    await works(first);
    await first.end();
    const before = readFileSync(join(state(), 'runtimes.json'), 'utf8');
    const client = await begin();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await works(client);
    await works(client);
    expect([await client.end(), messages(client)]).to.deep.equal([0, TOLD('EROFS', 'the disk can only be read')]);
    expect(readFileSync(join(state(), 'runtimes.json'), 'utf8')).to.equal(before);
  });

  it('from which somebody removes it makes it again', async () => {
    const client = await begin();
    await works(client);
    rmSync(state(), { recursive: true });
    await works(client);
    expect([await client.end(), client.stderr, existsSync(join(state(), 'runtimes.json'))]).to.deep.equal([0, '', true]);
  });

  it('that is full, with its log on it as well, says on stderr what it can\'t write into the log', async () => {
    const file = join(disk, 'log');
    writeFileSync(file, '');
    const client = await begin({ log: { level: 'debug', file } });
    fill();
    await works(client);
    expect(await client.end()).to.equal(0);
    const told = messages(client);
    const moved = `codebeaker: ${file} cannot be written (ENOSPC), so the log goes to stderr: free some room there, or change log.file in the configuration`;
    expect(told).to.include.members([moved, NOT_SAVED('ENOSPC')]);
    const known = [moved, ...TOLD('ENOSPC', 'the disk is full')];
    expect(told.filter((line, at) => / can't be | cannot be /.test(line) && (!known.includes(line) || told.indexOf(line) !== at))).to.deep.equal([]);
  });
});
