/** Ways out of native sandboxes, for each runtime that makes them. All must fail in a sandbox, and all must work on the host itself. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { homedir, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createBunRuntime } from '../../../../server/src/runtime/kinds/bun/bun.ts';
import { createLayeredDeno } from '../../../../server/src/runtime/kinds/deno/layered.ts';
import { createDenoRuntime } from '../../../../server/src/runtime/kinds/deno/runtime.ts';
import { createNativeRuntime, native } from '../../../../server/src/runtime/kinds/native/native.ts';
import { NativeRuntime } from '../../../../server/src/runtime/kinds/native/runtime.ts';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { need, npmPackage } from '../../../require.ts';
import { create, rejects, run, textOf, write } from '../../contract/harness.ts';
import { attemptsProgram, type Outside } from './attempts.ts';
import { bubblewrap, nativeSubject, type NativeSubject } from './subject.ts';

const secret = `secret-${randomUUID()}`;
const listen = (server: Server, where: object) => new Promise<void>((resolve) => server.listen(where, resolve));

/** What can be reached on the host; all tests of this file use it. */
async function makeOutside(subject: NativeSubject) {
  const folder = mkdtempSync(join(tmpdir(), 'outside-'));
  const home = mkdtempSync(join(homedir(), '.codebeaker-test-'));
  const files: Record<string, string> = { 'keys of a person': join(home, 'id_test'), 'files of the daemon': join(subject.folder, 'secret') };
  for (const path of Object.values(files)) writeFileSync(path, secret);
  const [tcp, unix] = [createServer(), createServer()];
  await listen(tcp, { port: 0, host: '0.0.0.0' });
  const socket = join(folder, 'docker.sock');
  await listen(unix, { path: socket });
  const sleeper: ChildProcess = spawn('sleep', ['600'], { env: { ...process.env, SECRET: secret } });
  const port = (tcp.address() as { port: number }).port;
  const address = Object.values(networkInterfaces()).flat().find((each) => each?.family === 'IPv4' && !each.internal)?.address ?? '127.0.0.1';
  const outside: Outside = { files, secret, folder, port, address, socket, pid: sleeper.pid ?? 0 };
  return {
    outside,
    remove: () => {
      sleeper.kill();
      tcp.close();
      unix.close();
      for (const path of [folder, home]) rmSync(path, { recursive: true });
    },
  };
}

const kinds: Record<string, { needs: string | undefined; make(): Promise<NativeSubject> }> = {
  native: { needs: undefined, make: () => nativeSubject(createNativeRuntime) },
  bun: { needs: 'bun', make: () => nativeSubject((options) => createBunRuntime(process.env.PATH, options)) },
  deno: {
    needs: 'deno',
    make: () =>
      nativeSubject((options, keeper) => {
        const alone = createDenoRuntime({ keeper, clock: options.clock, log: options.log, env: process.env });
        return createLayeredDeno(() => alone.found(), options);
      }),
  },
};

async function attempt(sandbox: Sandbox, program: string): Promise<string[]> {
  const toolchain = await sandbox.toolchain('javascript');
  const [phase] = toolchain?.phases('/workspace/attempts.mjs', [], '/tmp') ?? [];
  await write(sandbox, '/workspace/attempts.mjs', program);
  const { stdout, stderr } = await run(sandbox, phase?.command ?? []);
  expect(stdout.toString(), stderr.toString()).to.match(/^\[.*\]\n$/);
  return JSON.parse(stdout.toString()) as string[];
}

for (const [name, { needs, make }] of Object.entries(kinds)) {
  describe(`there is no way out of ${name}`, () => {
    before(need('bubblewrap', bubblewrap));
    if (needs) before(need(needs, npmPackage(needs)));
    let subject: NativeSubject;
    let around: Awaited<ReturnType<typeof makeOutside>>;
    before(async () => {
      subject = await make();
      around = await makeOutside(subject);
    });
    after(async () => {
      around.remove();
      await subject.dispose();
    });

    it('for a program that tries (F-A7, F-B3)', async () => {
      const sandbox = await create(subject);
      const program = attemptsProgram(around.outside);
      expect(await attempt(sandbox, program)).to.deep.equal([]);
      await sandbox.close();
    });

    it('into another sandbox (F-C11)', async () => {
      const [one, other] = await Promise.all([create(subject), create(subject)]);
      await write(one, '/workspace/secret', secret);
      await write(one, '/tmp/secret', secret);
      const { outside } = around;
      const files = { 'workspace of another': '/workspace/secret', 'tmp of another': '/tmp/secret' };
      expect(await attempt(other, attemptsProgram({ ...outside, files }))).to.deep.equal([]);
      await Promise.all([one.close(), other.close()]);
    });

    it('for a file command that comes across planted links (F-A1, F-A2, F-A3)', async () => {
      const sandbox = await create(subject);
      const path = Object.values(around.outside.files)[0] as string;
      await write(sandbox, '/workspace/plant.mjs', `
        const fs = await import("node:fs");
        fs.symlinkSync(${JSON.stringify(path)}, "/workspace/last");
        fs.symlinkSync(${JSON.stringify(around.outside.folder)}, "/workspace/middle");
        console.log("planted");`);
      const toolchain = await sandbox.toolchain('javascript');
      const planted = await run(sandbox, toolchain?.phases('/workspace/plant.mjs', [], '/tmp')[0]?.command ?? []);
      if (planted.stdout.toString() === 'planted\n') {
        for (const place of ['/workspace/last', '/workspace/middle/planted']) {
          const read = await sandbox.files.read(place, 0, undefined).catch(() => undefined);
          expect(read?.bytes.toString()).to.equal(undefined);
        }
        await rejects(sandbox.files.write('/workspace/middle/planted', Buffer.from('x'), { mode: 'overwrite', executable: undefined }), 'FileNotFound');
      } else {
        // Deno does not let its programs make such links.
        expect(name).to.equal('deno');
      }
      await sandbox.close();
    });
  });
}

describe('on the host itself', () => {
  before(need('bubblewrap', bubblewrap));

  it('every one of these ways works, so that the test would notice one in a sandbox', async () => {
    const subject = await (kinds.native as { make(): Promise<NativeSubject> }).make();
    const around = await makeOutside(subject);
    const folder = mkdtempSync(join(tmpdir(), 'attempts-'));
    writeFileSync(join(folder, 'attempts.mjs'), attemptsProgram(around.outside));
    const open = JSON.parse(execFileSync(process.execPath, ['attempts.mjs'], { cwd: folder, encoding: 'utf8' })) as string[];
    const all = [...attemptsProgram(around.outside).matchAll(/^ {2}"([^"]+)":/gm)].map(([, found]) => found as string);
    expect(open).to.include.members(process.getuid?.() === 0 ? all.filter((way) => way !== 'put text into a terminal') : ['follow a link out', 'write outside']);
    rmSync(folder, { recursive: true });
    around.remove();
    await subject.dispose();
  });
});

describe('a layer that is removed', () => {
  before(need('bubblewrap', bubblewrap));

  it('is noticed: the restricted view of the file system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'seen-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'inner', 'secret'), secret, { mode: 0o644 });
    const shows = { ...native, equip: async () => ({ ...(await native.equip()), binds: [[folder, '/seen']] as const }) };
    for (const [kind, expected] of [[native, ''], [shows, secret]] as const) {
      const subject = await nativeSubject((options) => new NativeRuntime(kind, options));
      const sandbox = await create(subject);
      expect(await textOf(sandbox, `cat /seen/inner/secret ${folder}/inner/secret 2>/dev/null; true`)).to.equal(expected);
      await sandbox.close();
      await subject.dispose();
    }
    rmSync(folder, { recursive: true });
  });
});
