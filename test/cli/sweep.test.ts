/** `codebeaker sweep`: what it finds of daemons, what it says of it, and that it removes nothing of one that lives. */
import { expect } from 'chai';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { SweepArguments } from '../../server/src/cli/actions.ts';
import { sweep } from '../../server/src/cli/sweep.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import { Engine } from '../../server/src/runtime/kinds/docker/engine.ts';
import { holdLock } from '../../server/src/runtime/machine/lock.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeEngine } from '../fakes/engine.ts';

describe('codebeaker sweep', () => {
  const clock = new FakeClock();
  let home: string;
  let engine: FakeEngine;
  let before: string | undefined;
  let releases: (() => void)[];
  beforeEach(async () => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'sweep-')));
    before = process.env.TMPDIR;
    process.env.TMPDIR = home;
    engine = await FakeEngine.start();
    releases = [];
    mkdirSync(join(home, 'codebeaker'));
    writeFileSync(join(home, 'codebeaker', 'config.json'), JSON.stringify({ docker: { host: `unix://${engine.socketPath}` } }));
  });
  afterEach(async () => {
    for (const release of releases) release();
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await engine.close();
    rmSync(home, { recursive: true });
  });

  const surroundings = () => ({ env: { XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home }, home, hostname: 'here', platform: 'linux', process, uid: process.getuid?.() ?? -1, version: '1', clock, self: [], writeLog: () => undefined }) as unknown as Surroundings;
  const run = async (args: Partial<SweepArguments> = {}) => {
    let text = '';
    const code = await sweep(surroundings(), { command: 'sweep', dryRun: false, json: true, config: undefined, ...args }, async (printed) => Number((text += printed) === ''));
    return { code, text };
  };
  const found = async (args: Partial<SweepArguments> = {}) => {
    const { code, text } = await run(args);
    const { found: all, unseen } = JSON.parse(text) as { found: { what: string; name: string; state: string; why: string }[]; unseen: string[] };
    return { code, unseen, all: all.map(({ what, name, state, why }) => [what, basename(name), state, why]).sort() };
  };

  let count = 0;
  /** A folder as a daemon has it in `place`. */
  async function folder(place: string, fate: 'alive' | 'dead' | 'elsewhere'): Promise<string> {
    const path = join(place, `codebeaker-2000000000-${(++count).toString(16).padStart(12, '0')}`);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (fate !== 'elsewhere') {
      const release = await holdLock(path);
      if (fate === 'dead') release();
      else releases.push(release);
    }
    mkdirSync(join(path, 'inside', 'deep'), { recursive: true });
    return path;
  }

  async function machine() {
    const [alive, dead, elsewhere] = [await folder(home, 'alive'), await folder(home, 'dead'), await folder(home, 'elsewhere')];
    const making = join(home, 'codebeaker', 'packages', 'making');
    for (const name of ['records', 'keys']) mkdirSync(join(home, 'codebeaker', 'packages', name), { recursive: true });
    const [makes, made] = [await folder(making, 'alive'), await folder(making, 'dead')];
    const groups = [join(home, 'group-of-the-dead'), join(home, 'group-of-the-living')];
    for (const group of groups) mkdirSync(join(group, 'sandbox'), { recursive: true });
    writeFileSync(join(dead, 'groups'), `${groups[0]}\n${join(home, 'gone')}\n`);
    writeFileSync(join(alive, 'groups'), `${groups[1]}\n`);
    const docker = new Engine({ name: 'the Docker engine', local: true, options: { socketPath: engine.socketPath } }, clock);
    for (const [name, daemon] of [['living', alive], ['left', dead], ['unknown', '/codebeaker-1-ab']] as const) {
      await docker.create({ name, Image: 'image', Labels: { 'codebeaker.daemon': `here/${basename(daemon)}` } });
    }
    const id = (name: string) => [...engine.containers.values()].find((each) => each.name === name)?.id ?? '';
    return { alive, dead, elsewhere, makes, made, groups, id };
  }

  const LIVES = 'its daemon lives';
  const DIED = 'its daemon has died';

  it('says what it would remove, and why, and removes nothing with --dry-run', async () => {
    const { alive, dead, elsewhere, makes, made, id } = await machine();
    const { code, all } = await found({ dryRun: true });
    expect(code).to.equal(0);
    expect(all).to.deep.equal([
      ['container', id('living'), 'kept', LIVES],
      ['container', id('left'), 'would be removed', DIED],
      ['container', id('unknown'), 'kept', 'it was made less than a day ago, and nothing is known of its daemon'],
      ['control group', 'group-of-the-dead', 'would be removed', DIED],
      ['control group', 'group-of-the-living', 'kept', LIVES],
      ['folder', basename(alive), 'kept', LIVES],
      ['folder', basename(dead), 'would be removed', DIED],
      ['folder', basename(elsewhere), 'kept', 'no daemon of this machine has it, but one of another machine may; it is removed when nothing was made in it for 30 days'],
      ['installation', basename(makes), 'kept', LIVES],
      ['installation', basename(made), 'would be removed', DIED],
    ].sort());
    for (const path of [alive, dead, elsewhere, makes, made]) expect(existsSync(join(path, 'inside')), path).to.equal(true);
    expect(engine.containers.size).to.equal(3);
  });

  it('removes what dead daemons have left, and nothing of one that lives or may live', async () => {
    const { alive, dead, elsewhere, makes, made, groups, id } = await machine();
    const left = id('left');
    const { code, all } = await found();
    expect(code).to.equal(0);
    expect(all.filter(([, , state]) => state === 'removed').map(([, name]) => name)).to.have.members([left, 'group-of-the-dead', basename(dead), basename(made)]);
    for (const path of [alive, elsewhere, makes, groups[1] as string]) expect(existsSync(path), path).to.equal(true);
    for (const path of [dead, made, groups[0] as string]) expect(existsSync(path), path).to.equal(false);
    expect([...engine.containers.values()].map(({ name }) => name)).to.deep.equal(['living', 'unknown']);
    expect((await found()).all.filter(([, , state]) => state !== 'kept')).to.deep.equal([]);
  });

  it('removes what nobody has used for 30 days', async () => {
    const path = await folder(home, 'elsewhere');
    const long = Date.now() / 1000 - 31 * 24 * 3600;
    utimesSync(path, long, long);
    expect((await found()).all).to.deep.equal([['folder', basename(path), 'removed', 'no daemon of this machine has it, and nothing was made in it for 30 days']]);
  });

  it('shows a table, and says where nothing could be looked for', async () => {
    expect((await run({ json: false })).text).to.equal('no daemon has left anything on this machine\n');
    const dead = await folder(home, 'dead');
    const group = join(home, 'a'.repeat(100), 'b'.repeat(100));
    mkdirSync(group, { recursive: true });
    writeFileSync(join(dead, 'groups'), `${group}\n`);
    await engine.stop();
    const { code, text } = await run({ json: false, dryRun: true });
    expect(code).to.equal(0);
    expect(text.split('\n').slice(0, 5)).to.deep.equal(['STATE             WHAT           NAME', `would be removed  control group  ${group}`, `  ${DIED}`, `would be removed  folder         ${dead}`, `  ${DIED}`]);
    expect(text).to.contain('not looked for: containers: ').and.contain("can't be reached");
    await engine.restart();
  });

  it('exits with 1 where something could not be removed', async () => {
    const { dead } = await machine();
    engine.on('remove', { status: 500, message: 'it is stuck' });
    const { code, all } = await found();
    expect(code).to.equal(1);
    expect(all.filter(([, , state]) => state === 'failed').map(([what, , , why]) => [what, why])).to.deep.equal([['container', `${DIED}; it could not be removed: Docker refused: it is stuck`]]);
    expect(existsSync(dead), 'it tells that the daemon is dead').to.equal(true);
    expect(all.find(([, name]) => name === basename(dead))?.slice(2)).to.deep.equal(['kept', 'something of its daemon could not be removed']);
    expect((await found()).code).to.equal(0);
    expect(existsSync(dead)).to.equal(false);
  });
});
