/** The daemon keeps its compiled code for the next start. It starts just as well if that code is missing or useless. */
import { expect } from 'chai';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemonEnvironment } from './environment.ts';
import { bundles, need } from '../require.ts';
import { daemonPath, RawClient } from './raw-client.ts';

describe('the start of the daemon', () => {
  before(need('the build', bundles));
  let cache: string;
  beforeEach(() => (cache = mkdtempSync(join(tmpdir(), 'codebeaker-cache-'))));
  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  const files = () => readdirSync(join(cache, 'codebeaker'));
  const file = () => join(cache, 'codebeaker', files()[0] ?? '');
  /** Identifies the file. It is a different one after it was replaced. */
  const inode = () => statSync(file()).ino;

  /** Starts a daemon, lets it answer, and ends it. */
  const start = async (flags: string[] = [], env: Record<string, string> = {}) => {
    const command = [process.execPath, ...flags, daemonPath, '--stdio'];
    const client = new RawClient({ command, env: { ...daemonEnvironment(), XDG_CACHE_HOME: cache, ...env } });
    const { serverInfo } = await client.initialize();
    expect(serverInfo.name).to.equal('codebeaker');
    expect((await client.request('server/health')).checks).not.to.deep.equal([]);
    expect(await client.end()).to.equal(0);
    expect(client.stderr).to.equal('');
  };

  it('makes as many threads as every session needs for its names, unless the environment says how many', async () => {
    for (const [env, least, most] of [[{}, 37, Infinity], [{ UV_THREADPOOL_SIZE: '2' }, 2, 36]] as const) {
      const client = new RawClient({ env: { ...daemonEnvironment(), XDG_CACHE_HOME: cache, ...env } });
      await client.initialize();
      await client.request('server/health');
      expect(readdirSync(`/proc/${client.process.pid}/task`).length).to.be.within(least, most);
      expect(await client.end()).to.equal(0);
    }
  });

  it('reports the same runtimes from memory as after it has looked for them', async () => {
    const said = [];
    for (let nth = 0; nth < 2; nth++) {
      const client = new RawClient({ env: { ...daemonEnvironment({ stateDir: join(cache, 'state') }), XDG_CACHE_HOME: cache } });
      const { capabilities } = await client.initialize();
      said.push({ names: Object.keys(capabilities), available: capabilities.runtimes.filter((each: { available: boolean }) => each.available).map(({ id }: { id: string }) => id) });
      expect((await client.request('session/list')).sessions).to.deep.equal([]);
      await client.request('runtime/list');
      await client.end();
    }
    expect(said[1]).to.deep.equal(said[0]);
  });

  it('keeps its compiled code and uses it the next time', async () => {
    await start();
    expect(files()).to.have.lengthOf(1);
    const first = inode();
    await start();
    expect(inode()).to.equal(first);
  });

  const spoiled: Record<string, (bytes: Buffer) => Buffer> = {
    'was damaged': (bytes) => {
      bytes.writeUInt8(bytes.readUInt8(bytes.length / 4) ^ 1, bytes.length / 4);
      return bytes;
    },
    'was cut off': (bytes) => bytes.subarray(0, 1000),
    'is empty': () => Buffer.alloc(0),
    'V8 does not know': () => Buffer.from('not of V8. not of V8. '),
    'belongs to another V8': (bytes) => {
      // The magic number is followed by the hash of V8's version.
      for (const half of [0, bytes.length / 2]) bytes.writeUInt8(bytes.readUInt8(half + 4) ^ 1, half + 4);
      return bytes;
    },
  };
  for (const [what, spoil] of Object.entries(spoiled)) {
    it(`does without compiled code that ${what}, and replaces it`, async () => {
      await start();
      const good = readFileSync(file()).length;
      writeFileSync(file(), spoil(readFileSync(file())));
      const before = inode();
      await start();
      expect(inode()).not.to.equal(before);
      expect(readFileSync(file()).length).to.be.greaterThan(good / 2);
      expect(files()).to.have.lengthOf(1);
    });
  }

  it('does not use compiled code that others could have written', async () => {
    await start();
    chmodSync(join(cache, 'codebeaker'), 0o777);
    await start();
  });

  it('keeps a file of its own for other flags of V8', async () => {
    await start();
    await start(['--max-old-space-size=200']);
    await start([], { NODE_OPTIONS: '--max-old-space-size=200' });
    expect(files()).to.have.lengthOf(3);
  });

  it('does without a cache folder if it cannot be created', async () => {
    writeFileSync(join(cache, 'codebeaker'), 'a file where the folder should be');
    await start();
    expect(readdirSync(cache)).to.deep.equal(['codebeaker']);
  });
});
