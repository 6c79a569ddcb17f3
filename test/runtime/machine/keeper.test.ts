/** However a daemon ends, its processes and folders are removed. Failures F-C4 and F-C5. */
import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { chown, mkdir, mkdtemp, readFile, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../server/src/base/clock.ts';
import { createLog } from '../../../server/src/base/log.ts';
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import { Keeper } from '../../../server/src/runtime/machine/keeper.ts';
import { stateOfLock } from '../../../server/src/runtime/machine/lock.ts';
import { startProcess } from '../../../server/src/runtime/machine/process.ts';
import { fromSource } from '../../from-source.ts';
import { need, npmPackage } from '../../require.ts';
import { processesWith } from '../kinds/deno/subject.ts';
import { until } from '../kinds/deno/until.ts';
import { daemonFolder, deadDaemon } from './daemons.ts';


/** The protocol promises that leftovers are gone within this time. */
const GONE_MS = 2_000;

const quiet = createLog('error', () => undefined);

describe('the keeper', () => {
  let place: string;
  const keepers: Keeper[] = [];
  const keep = () => {
    const keeper = new Keeper({ process, log: quiet });
    keepers.push(keeper);
    return keeper;
  };
  const sleep = (keeper: Keeper, seconds: string) =>
    startProcess({ command: ['/bin/sleep', seconds], cwd: '/', env: {}, stdin: 'none', maxFileBytes: 0 }, () => undefined, { keeper, clock: systemClock });

  /** A place of its own: any daemon of this machine removes what dead ones have left in the place that they share. */
  let shared: string | undefined;
  before(async () => {
    place = await realpath(await mkdtemp(join(tmpdir(), 'keeper-test-')));
    shared = process.env.TMPDIR;
    process.env.TMPDIR = place;
  });
  afterEach(async () => {
    for (const keeper of keepers.splice(0)) await keeper.close();
  });
  after(async () => {
    if (shared === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = shared;
    await rm(place, { recursive: true });
  });

  it('makes its folder as soon as there is a place for it (H4)', async () => {
    const keeper = keep();
    const before = process.env.TMPDIR;
    process.env.TMPDIR = join(place, 'not-there');
    try {
      const fault = await keeper.folder().catch((thrown: unknown) => thrown);
      expect(fault).to.be.instanceOf(ProtocolError).with.property('message').that.matches(/\(ENOENT\).*TMPDIR/).and.does.not.include(place);
      await mkdir(process.env.TMPDIR);
      expect(dirname(await keeper.folder())).to.equal(process.env.TMPDIR);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });

  describe('of a daemon that is killed', function () {
    // The machine of the tests is busy: the promise is broken where it is broken each time.
    this.retries(2);
    before(need('deno', npmPackage('deno')));
    let daemon: ChildProcess | undefined;
    afterEach(() => void daemon?.kill('SIGKILL'));

    async function busyDaemon(...args: string[]): Promise<string> {
      const script = fileURLToPath(new URL('../../fixtures/keeper/daemon.ts', import.meta.url));
      const child = spawn(process.execPath, [...fromSource, script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      daemon = child;
      const [folder] = (await once(createInterface(child.stdout), 'line')) as [string];
      return folder;
    }

    it('by SIGKILL leaves no process and no folder, and runs the command for a sudden death (F-C4, F-C5)', async () => {
      const told = join(place, 'told');
      const folder = await busyDaemon(told);
      expect(processesWith(`${folder}/sandbox-`)).to.have.length(3);
      expect(lstatSync(folder).mode & 0o777).to.equal(0o700);
      daemon?.kill('SIGKILL');
      await until('neither process nor folder', () => processesWith(folder).length === 0 && !existsSync(folder), GONE_MS);
      await until('the command has run', () => existsSync(told));
      await until('it has written', async () => (await readFile(told, 'utf8')) === "it's over\n");
    });

    it('by the signals of a terminal is not killed with it', async () => {
      const folder = await busyDaemon();
      const [keeper] = pidsOf(`codebeaker-keeper ${folder}`);
      for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.kill(keeper as number, signal);
      daemon?.kill('SIGKILL');
      await until('neither process nor folder', () => processesWith(folder).length === 0 && !existsSync(folder), GONE_MS);
    });
  });

  it('kills and removes everything when it is closed, and does not run the command for a sudden death', async () => {
    const keeper = keep();
    const folder = await keeper.folder();
    const told = join(place, 'not told');
    await keeper.onDeath(['/bin/sh', '-c', 'echo > "$1"', 'sh', told]);
    const running = await sleep(keeper, '86001');
    await keeper.close();
    // It was killed; or it had not become the program yet, and ended because it could not record itself.
    expect(await running.exited).to.have.property('signal').that.is.oneOf(['SIGKILL', 'SIGPIPE']);
    expect(existsSync(folder)).to.equal(false);
    expect(existsSync(told)).to.equal(false);
    expect(processesWith(folder)).to.deep.equal([]);
  });

  it('leaves no folder that it was making when it was closed, and makes none afterwards', async () => {
    const keeper = keep();
    const making = keeper.folder().catch((fault: Error) => fault.message);
    await keeper.close();
    expect(await making).to.equal('the daemon is shutting down');
    expect(await keeper.folder().catch((fault: Error) => fault.message)).to.equal('the daemon is shutting down');
    expect(existsSync(join(place, keeper.name))).to.equal(false);
  });

  it('empties folders in other places, but for their locks, also as one that has replaced another', async () => {
    const keeper = keep();
    const own = await keeper.folder();
    const elsewhere = join(place, "it's elsewhere");
    await mkdir(join(elsewhere, 'half/made'), { recursive: true });
    await writeFile(join(elsewhere, 'half/made/file'), '');
    await writeFile(join(elsewhere, 'alive-1'), '');
    await symlink(place, join(elsewhere, 'half/link'));
    keeper.holdFolder(elsewhere);
    const [first] = pidsOf(`codebeaker-keeper ${own}`);
    process.kill(first as number, 'SIGKILL');
    await until('there is another one', () => pidsOf(`codebeaker-keeper ${own}`).some((pid) => pid !== first));
    await keeper.close();
    expect(readdirSync(elsewhere)).to.deep.equal(['alive-1']);
  });

  it('is replaced when it is killed, and the new one knows the same groups', async () => {
    const keeper = keep();
    const folder = await keeper.folder();
    const running = await sleep(keeper, '86002');
    const [first] = pidsOf(`codebeaker-keeper ${folder}`);
    process.kill(first as number, 'SIGKILL');
    await until('there is another one', () => pidsOf(`codebeaker-keeper ${folder}`).some((pid) => pid !== first));
    expect(existsSync(folder)).to.equal(true);
    await keeper.close();
    // As above.
    expect(await running.exited).to.have.property('signal').that.is.oneOf(['SIGKILL', 'SIGPIPE']);
    expect(existsSync(folder)).to.equal(false);
  });

  it('is not replaced any more when it is killed again and again, and then no program is started', async () => {
    const keeper = keep();
    const folder = await keeper.folder();
    for (let times = 0; times < 5; times++) {
      await until('there is one', () => pidsOf(`codebeaker-keeper ${folder}`).length === 1);
      const [pid] = pidsOf(`codebeaker-keeper ${folder}`);
      process.kill(pid as number, 'SIGKILL');
      await until('it is gone', () => !pidsOf(`codebeaker-keeper ${folder}`).includes(pid as number));
    }
    await until('nothing is started', () => sleep(keeper, '0').then(() => false, (fault: Error) => /keeps dying/.test(fault.message)));
    await rm(folder, { recursive: true });
  });

  it('removes folders that nobody may enter or read', async () => {
    const keeper = keep();
    const folder = await keeper.folder();
    await mkdir(join(folder, 'locked/in'), { recursive: true });
    await writeFile(join(folder, 'locked/in/file'), '');
    await mkdir(join(folder, 'locked/closed'), { mode: 0 });
    await keeper.close();
    expect(existsSync(folder)).to.equal(false);
  });

  it('removes the folders of dead daemons, with the control groups that they recorded, and only those (H1)', async () => {
    const root = await realpath(tmpdir());
    const [dead, alive, elsewhere, longGone, foreign] = [await deadDaemon(), await daemonFolder(true), await daemonFolder(false), await daemonFolder(false), await deadDaemon()];
    const unique = randomBytes(8).toString('hex');
    const [named, link] = [join(root, `codebeaker-x-${unique}`), join(root, `codebeaker-1-${unique}`)];
    await mkdir(join(dead.path, 'deep'));
    const groups = join(place, 'groups');
    await mkdir(join(groups, 'sandbox'), { recursive: true });
    await writeFile(join(dead.path, 'groups'), `${groups}\n${join(place, 'never made')}\n`);
    const past = Date.now() / 1000 - 31 * 24 * 3600;
    await utimes(longGone.path, past, past);
    await utimes(alive.path, past, past);
    await mkdir(named);
    await symlink(place, link);
    const asRoot = process.getuid?.() === 0;
    if (asRoot) await chown(foreign.path, 12345, 12345);
    const keeper = keep();
    expect([...(await keeper.strays())]).to.have.members([dead.name, longGone.name, ...(asRoot ? [] : [foreign.name])]);
    await until('the dead ones are gone', () => ![dead.path, longGone.path, groups].some((path) => existsSync(path)));
    for (const path of [alive.path, elsewhere.path, named, link, ...(asRoot ? [foreign.path] : [])]) {
      expect(lstatSync(path), path).to.be.an('object');
      await rm(path, { recursive: true });
    }
    alive.release();
    expect(existsSync(place)).to.equal(true);
  });

  it('removes nothing else where a path has a line break in it (H1)', async () => {
    const before = process.env.TMPDIR;
    await mkdir(join(place, 'mine\nand'), { recursive: true });
    await mkdir(join(place, 'mine'));
    process.env.TMPDIR = join(place, 'mine\nand');
    try {
      const dead = await deadDaemon();
      const keeper = keep();
      expect(await keeper.strays()).to.include(dead.name);
      const folder = await keeper.folder();
      await keeper.close();
      await until('all parts of the keeper have ended', () => processesWith(`codebeaker-keeper ${folder}`).length === 0);
      expect([existsSync(join(place, 'mine')), existsSync(dead.path)]).to.deep.equal([true, true]);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });

  it('leaves what it cannot remove of a dead daemon to the next daemon (H1)', async () => {
    const dead = await deadDaemon();
    const group = join(place, 'busy');
    await mkdir(group);
    await writeFile(join(group, 'process'), '');
    await mkdir(join(dead.path, 'deep'));
    await writeFile(join(dead.path, 'groups'), `${group}\n`);
    const first = keep();
    expect(await first.strays()).to.include(dead.name);
    await until('the rest is removed', () => !existsSync(join(dead.path, 'deep')));
    await first.close();
    expect([await stateOfLock(dead.path), existsSync(join(dead.path, 'groups'))]).to.deep.equal(['released', true]);
    await rm(join(group, 'process'));
    await keep().strays();
    await until('nothing is left', () => !existsSync(dead.path) && !existsSync(group));
  });

  it('removes the empty folder that an interrupted removal has left (H1)', async () => {
    const [old, fresh] = [await daemonFolder(false), await daemonFolder(false)];
    const past = Date.now() / 1000 - 120;
    await utimes(old.path, past, past);
    expect([...(await keep().strays())]).to.include(old.name).and.not.include(fresh.name);
    await until('it is gone', () => !existsSync(old.path));
    await rm(fresh.path, { recursive: true });
  });

  it('makes its folder again where somebody has removed it, with everything that belongs in it (H2)', async () => {
    const keeper = keep();
    const file = await keeper.furnish('file', (path) => writeFile(path, 'content'));
    const folder = dirname(file);
    for (const removed of [folder, file]) {
      await rm(removed, { recursive: true });
      expect(await Promise.all([keeper.folder(), keeper.folder()])).to.deep.equal([folder, folder]);
      expect(await readFile(file, 'utf8')).to.equal('content');
    }
    expect([lstatSync(folder).mode & 0o777, await stateOfLock(folder)]).to.deep.equal([0o700, 'held']);
  });
});

function pidsOf(text: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => pid !== process.pid && processesWith(text, pid).length > 0);
}
