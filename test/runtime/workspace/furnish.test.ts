/** A folder for a sandbox: the user of the sandbox, what is mounted, and what is checked afterwards. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProtocolError } from '../../../server/src/protocol/index.ts';
import type { Receiving } from '../../../server/src/runtime/agent/index.ts';
import type { CreateContext, SharedFolder } from '../../../server/src/runtime/ports.ts';
import { checkMount } from '../../../server/src/runtime/workspace/check-mount.ts';
import { furnish } from '../../../server/src/runtime/workspace/furnish.ts';
import { NOBODY, sandboxUser } from '../../../server/src/runtime/workspace/user.ts';
import { limits, rejects } from '../contract/harness.ts';

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

  /** A sandbox whose /workspace is this folder of the host, and what was asked of it. */
  const sandboxAt = (path: string): { sandbox: Receiving; asked: string[] } => {
    const asked: string[] = [];
    const { dev, ino } = statSync(path, { bigint: true });
    const files: Receiving['files'] = {
      status: async (inside) => {
        asked.push(`status ${inside}`);
        return { dev, ino };
      },
      createDirectory: async (inside) => asked.push(`directory ${inside}`) > 0,
      copyHere: async (inside) => void asked.push(`file ${inside}`),
    };
    return { sandbox: { files }, asked };
  };

  it('is none if none was asked for: programs run as nobody, and nothing is checked', async () => {
    const { mount, user, finish } = await furnish({ limits, workspace: undefined });
    const { sandbox, asked } = sandboxAt(root);
    await finish(sandbox, context);
    expect([mount, user, asked, reports]).to.deep.equal([undefined, { uid: NOBODY, gid: NOBODY }, [], []]);
  });

  for (const access of ['readOnly', 'readWrite'] as const) {
    it(`is mounted if it is shared, ${access}, and checked from inside`, async () => {
      const { mount, user, finish } = await furnish(shared(access));
      const { uid, gid } = statSync(folder);
      expect([mount, user]).to.deep.equal([{ path: folder, access }, sandboxUser({ uid, gid })]);
      const { sandbox, asked } = sandboxAt(folder);
      await finish(sandbox, context);
      expect([asked, reports]).to.deep.equal([['status /workspace'], []]);
    });
  }

  it('is refused if another one was mounted (F-A4)', async () => {
    const { finish } = await furnish(shared('readOnly'));
    await rejects(finish(sandboxAt(root).sandbox, context), 'SandboxFailed');
  });

  it('is refused if its path leads elsewhere, before anything is made (F-A4)', async () => {
    renameSync(folder, join(root, 'moved'));
    symlinkSync(join(root, 'moved'), folder);
    await rejects(furnish(shared('readWrite')), 'SandboxFailed');
  });

  it('is refused if the sandbox can not tell what was mounted', async () => {
    const { finish } = await furnish(shared('readOnly'));
    const { sandbox } = sandboxAt(folder);
    sandbox.files.status = () => Promise.reject(new ProtocolError('SandboxLost', 'gone'));
    await rejects(finish(sandbox, context), 'SandboxLost');
  });

  it('is given up if the sandbox is no longer wanted meanwhile', async () => {
    const { finish } = await furnish(shared('readOnly'));
    const { sandbox } = sandboxAt(folder);
    sandbox.files.status = () => new Promise(() => undefined);
    const abort = new AbortController();
    const finishing = finish(sandbox, { ...context, signal: abort.signal });
    abort.abort(new ProtocolError('RequestCancelled', 'enough'));
    await rejects(finishing, 'RequestCancelled');
  });

  it('is checked by its path if the engine runs in a virtual machine', async () => {
    const { dev, ino } = statSync(folder);
    const { sandbox, asked } = sandboxAt(root);
    await checkMount(folder, { dev, ino }, sandbox, 'darwin');
    await rejects(checkMount(folder, { dev, ino: ino + 1 }, sandbox, 'darwin'), 'SandboxFailed');
    expect(asked).to.deep.equal([]);
  });

  it('is copied if a copy was asked for, and programs run as nobody', async () => {
    writeFileSync(join(folder, 'file'), 'text');
    const { mount, user, finish } = await furnish(shared('copy'));
    const { sandbox, asked } = sandboxAt(root);
    await finish(sandbox, context);
    expect([mount, user]).to.deep.equal([undefined, { uid: NOBODY, gid: NOBODY }]);
    expect([asked, reports]).to.deep.equal([['file /workspace/file'], ['copying the folder']]);
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
