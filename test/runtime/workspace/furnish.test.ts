/** A folder for a sandbox: the user of the sandbox, what is mounted, and what is checked afterwards. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../server/src/base/clock.ts';
import type { CreateContext, Program, SharedFolder } from '../../../server/src/runtime/ports.ts';
import { checkMount } from '../../../server/src/runtime/workspace/check-mount.ts';
import { furnish } from '../../../server/src/runtime/workspace/furnish.ts';
import { NOBODY, sandboxUser } from '../../../server/src/runtime/workspace/user.ts';
import { FakeProcess } from '../../fakes/process.ts';
import { FakeRuntime, type FakeSandbox } from '../../fakes/runtime.ts';
import { create, limits, rejects, type Subject } from '../contract/harness.ts';

describe('a folder for a sandbox', () => {
  let root: string;
  let folder: string;
  const reports: string[] = [];
  const context: CreateContext = { signal: new AbortController().signal, report: (message) => void reports.push(message) };
  const shared = (access: SharedFolder['access']) => ({ limits, workspace: { path: folder, access } });

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'furnish-')));
    folder = join(root, 'folder');
    mkdirSync(folder);
    reports.splice(0);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** A sandbox in which every program prints `answer`. */
  const sandboxThatSays = async (answer: string): Promise<{ sandbox: FakeSandbox; programs: Program[] }> => {
    const sandbox = (await create({ runtime: new FakeRuntime({ clock: systemClock }) } as unknown as Subject)) as FakeSandbox;
    const programs: Program[] = [];
    sandbox.start = async (program, sink) => {
      programs.push(program);
      return new FakeProcess({ ...program, command: `echo ${answer}` }, sink, systemClock);
    };
    return { sandbox, programs };
  };
  const inside = (path: string) => `${statSync(path).dev} ${statSync(path).ino}`;

  it('is none if none was asked for: programs run as nobody, and nothing is checked', async () => {
    const { mount, user, finish } = await furnish({ limits, workspace: undefined });
    const { sandbox, programs } = await sandboxThatSays('x');
    await finish(sandbox, context);
    expect([mount, user, programs, reports]).to.deep.equal([undefined, { uid: NOBODY, gid: NOBODY }, [], []]);
  });

  for (const access of ['readOnly', 'readWrite'] as const) {
    it(`is mounted if it is shared, ${access}, and checked from inside`, async () => {
      const { mount, user, finish } = await furnish(shared(access));
      const { uid, gid } = statSync(folder);
      expect([mount, user]).to.deep.equal([{ path: folder, access }, sandboxUser({ uid, gid })]);
      await finish((await sandboxThatSays(inside(folder))).sandbox, context);
      expect(reports).to.deep.equal([]);
    });
  }

  it('is refused if another one was mounted', async () => {
    const { finish } = await furnish(shared('readOnly'));
    await rejects(finish((await sandboxThatSays(inside(root))).sandbox, context), 'SandboxFailed');
  });

  it('is refused if its path leads elsewhere, before anything is made', async () => {
    renameSync(folder, join(root, 'moved'));
    symlinkSync(join(root, 'moved'), folder);
    await rejects(furnish(shared('readWrite')), 'SandboxFailed');
  });

  it('is checked by its path if the engine runs in a virtual machine', async () => {
    const { dev, ino } = statSync(folder);
    const { sandbox, programs } = await sandboxThatSays('0 0');
    await checkMount(folder, { dev, ino }, sandbox, 'darwin');
    await rejects(checkMount(folder, { dev, ino: ino + 1 }, sandbox, 'darwin'), 'SandboxFailed');
    expect(programs).to.deep.equal([]);
  });

  it('is copied by a program inside if a copy was asked for, and programs run as nobody', async () => {
    writeFileSync(join(folder, 'file'), 'text');
    const { mount, user, finish } = await furnish(shared('copy'));
    const { sandbox, programs } = await sandboxThatSays('');
    await finish(sandbox, context);
    expect([mount, user]).to.deep.equal([undefined, { uid: NOBODY, gid: NOBODY }]);
    expect([programs.map(({ command }) => command[0]), reports]).to.deep.equal([['tar'], ['copying the folder']]);
  });
});

describe('the user of a sandbox', () => {
  const cases: readonly (readonly [owner: { uid: number; gid: number } | undefined, uid: number, gid: number])[] = [
    [undefined, NOBODY, NOBODY],
    [{ uid: 1000, gid: 1000 }, 1000, 1000],
    [{ uid: 1000, gid: 0 }, 1000, NOBODY],
    [{ uid: 0, gid: 0 }, NOBODY, NOBODY],
    [{ uid: 0, gid: 1000 }, NOBODY, NOBODY],
  ];
  for (const [owner, uid, gid] of cases) {
    it(`is ${uid}:${gid} for a folder of ${owner ? `${owner.uid}:${owner.gid}` : 'nobody'}`, () => {
      expect(sandboxUser(owner)).to.deep.equal({ uid, gid });
    });
  }
});
