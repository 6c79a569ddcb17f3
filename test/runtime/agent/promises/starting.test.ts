/** A command that can't start is told why at once, with the kernel's own error (T13), and the session goes on. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../../../../server/src/runtime/ports.ts';
import type { ErrorKind } from '../../../../server/src/protocol/index.ts';
import { need, root } from '../../../require.ts';
import { limits, program, rejects, run, start, textOf, write } from '../../contract/harness.ts';
import { NOBODY } from '../../../../server/src/runtime/workspace/user.ts';
import type { NativeSubject } from '../../kinds/native/subject.ts';
import { everySandbox, everywhere, onHostKernel, processes, python, stillWorks, useSandbox } from './sandboxes.ts';

const KIB = 1024;

const refused: Record<string, [kind: ErrorKind, words: RegExp, command: Program['command'], change?: Partial<Program>]> = {
  'a program that is not there': ['SandboxFailed', /ENOENT/, ['no-such-program']],
  'a program without a name': ['SandboxFailed', /ENOENT/, ['']],
  'a path that is not there': ['SandboxFailed', /ENOENT/, ['/workspace/none']],
  'a script whose interpreter is not there': ['SandboxFailed', /ENOENT/, ['/workspace/orphan']],
  'a file that may not be executed': ['SandboxFailed', /EACCES/, ['/workspace/data']],
  'a directory': ['SandboxFailed', /EACCES/, ['/workspace']],
  'a path through a file': ['SandboxFailed', /ENOTDIR/, ['/workspace/data/x']],
  'a path that is too long': ['SandboxFailed', /ENAMETOOLONG/, [`/${'x'.repeat(300)}`]],
  'a link to itself': ['SandboxFailed', /ELOOP/, ['/workspace/loop']],
  'a directory that is not there': ['FileNotFound', /does not exist/, 'exit 0', { cwd: '/workspace/none' }],
  'a directory that is a file': ['WrongFileType', /ENOTDIR/, 'exit 0', { cwd: '/workspace/data' }],
  'a directory that may not be entered': ['InvalidPath', /EACCES/, 'exit 0', { cwd: '/workspace/closed' }],
  'a command line of 200 KB': ['InvalidParams', /E2BIG/, `: ${'x'.repeat(200 * KIB)}`],
  'an argument of 200 KB': ['InvalidParams', /E2BIG/, ['true', 'x'.repeat(200 * KIB)]],
  'a variable of 200 KB': ['InvalidParams', /E2BIG/, ['true'], { env: { LONG: 'x'.repeat(200 * KIB) } }],
  'arguments of 3 MB in all': ['InvalidParams', /E2BIG/, ['true', ...Array.from({ length: 30 }, () => 'x'.repeat(100 * KIB))]],
  'arguments of 12 MB in all': ['InvalidParams', /E2BIG/, ['true', ...Array.from({ length: 120 }, () => 'x'.repeat(100 * KIB))]],
  'a hundred thousand variables': ['InvalidParams', /E2BIG/, ['true'], { env: Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`VARIABLE_${at}`, 'x'.repeat(20)])) }],
};

everySandbox('a command whose start hangs', onHostKernel, (parts) => {
  const held = useSandbox(parts);

  it('is killed when it is to end, and nothing of it is left', async () => {
    await held.sandbox.files.write('/workspace/leased', Buffer.from('#!/bin/sh\nexit 0\n'), { mode: 'overwrite', executable: true });
    // Whoever executes the file waits until the lease is given back, and the holder does not do that.
    const holder = await start(held.sandbox, python(`
import fcntl
signal.signal(signal.SIGIO, signal.SIG_IGN)
fcntl.fcntl(os.open('/workspace/leased', os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('leased', flush=True); time.sleep(600)`));
    await holder.output.seen('leased');
    const starting = held.sandbox.start(program(['/workspace/leased']), () => undefined, AbortSignal.timeout(300));
    await stillWorks(held.sandbox);
    expect(await (await starting).exited).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
    await holder.kill();
    expect(await processes(held.sandbox)).to.deep.equal([]);
  });

  it('is not begun if it is to end already', async () => {
    const fault = await held.sandbox.start(program('touch /workspace/begun'), () => undefined, AbortSignal.abort(new Error('over'))).catch((reason: Error) => reason);
    expect(fault).to.include({ message: 'over' });
    await rejects(held.sandbox.files.read('/workspace/begun', 0, undefined), 'FileNotFound');
  });
});

everySandbox('a command that can not start', everywhere, (parts, name) => {
  const held = useSandbox(parts);
  before(async () => {
    await write(held.sandbox, '/workspace/data', 'text');
    await held.sandbox.files.write('/workspace/orphan', Buffer.from('#!/no/such/interpreter\n'), { mode: 'overwrite', executable: true });
    await held.sandbox.files.write('/workspace/plain', Buffer.from('exit 13\n'), { mode: 'overwrite', executable: true });
    await textOf(held.sandbox, 'ln -s loop /workspace/loop; mkdir -m 0 /workspace/closed');
  });

  for (const [what, [kind, words, command, change]] of Object.entries(refused)) {
    // gVisor has no limit for all arguments together.
    if (name === 'gvisor' && /in all|variables/.test(what)) continue;
    it(`is told why: ${what}`, async () => {
      const fault = await rejects(start(held.sandbox, command, change), kind);
      expect(fault.message).to.match(words);
      expect(fault.message.length).to.be.below(1000);
      await stillWorks(held.sandbox);
    });
  }

  it('is none if it is a script without a first line that names its interpreter', async () => {
    expect((await run(held.sandbox, ['/workspace/plain'])).exit).to.deep.include({ kind: 'exited', code: 13 });
  });

  it('is none if it is as long as the kernel takes', async () => {
    expect(await textOf(held.sandbox, ['printf', '%s', 'x'.repeat(128 * KIB - 1)])).to.have.lengthOf(128 * KIB - 1);
  });
});

everySandbox('a command that has just started', everywhere, (parts, name) => {
  const held = useSandbox(parts);

  it('gets every signal that is sent from then on (C9)', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']) {
      for (let tries = 0; tries < (name === 'gvisor' ? 2 : 10); tries++) {
        const running = await start(held.sandbox, ['sleep', '600']);
        await running.signal(signal);
        expect(await running.exited).to.deep.include({ kind: 'signaled', signal });
      }
    }
  });

  it('may be one of forty, each of which gets its own end', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, (_, at) => start(held.sandbox, `sleep 0.0${at % 10}; echo ${at}; exit ${at}`)));
    await all[3]?.kill();
    const ends = await Promise.all(all.map(async ({ exited, output }, at) => ({ exit: await exited, text: output.of('stdout').toString(), at })));
    for (const { exit, text, at } of ends) {
      if (at !== 3) expect([exit.kind, 'code' in exit && exit.code, text]).to.deep.equal(['exited', at, `${at}\n`]);
    }
  });
});

everySandbox('a session without room for another program', onHostKernel, (parts) => {
  const held = useSandbox(parts, { limits: { ...limits, pids: 40 } });

  it('says that no process is left, does what needs none, kills, and goes on', async () => {
    const full = await start(held.sandbox, python("os.write(1, b'ready')\nwhile True:\n    try:\n        if os.fork() == 0: time.sleep(600)\n    except OSError: os.write(1, b'full'); time.sleep(600)"));
    await full.output.seen('full');
    const fault = await rejects(start(held.sandbox, ['true']), 'SandboxFailed');
    expect(fault.message).to.match(/EAGAIN.*limits\.pids/);
    await write(held.sandbox, '/workspace/a/b/c', 'text');
    expect((await held.sandbox.files.list('/workspace', { recursive: true, limit: 10, accept: () => true })).entries).to.have.lengthOf(3);
    await held.sandbox.files.copy('/workspace/a', '/workspace/z', { recursive: true, overwrite: true });
    await held.sandbox.files.delete('/workspace/a', { recursive: true, force: false });
    await full.kill();
    await stillWorks(held.sandbox);
  });
});

everySandbox('a session whose agent has few descriptors', ['native'], (parts) => {
  before(need('root', root));
  const held = useSandbox(parts);

  it('says that none is left for a program, does what needs few, kills, and goes on', async () => {
    lowerDescriptors(held.subject as NativeSubject, 64);
    const left = [];
    let fault: Error | undefined;
    // What a program leaves behind keeps two descriptors of the agent.
    while (!fault && left.length < 64) {
      const running = await start(held.sandbox, 'sleep 600 & exit 0').catch((reason: Error) => reason);
      if (running instanceof Error) fault = running;
      else left.push(running);
      await left.at(-1)?.exited;
    }
    expect(fault?.message).to.match(/EMFILE/);
    expect(left.length).to.be.within(5, 20);
    await write(held.sandbox, '/workspace/d/x', 'text');
    await held.sandbox.files.delete('/workspace/d', { recursive: true, force: false });
    await Promise.all(left.map((each) => each.kill()));
    expect(await processes(held.sandbox)).to.deep.equal([]);
    await stillWorks(held.sandbox);
  });
});

/** Of the process itself nobody but its own user may do that here. */
function lowerDescriptors({ findings }: NativeSubject, most: number): void {
  const folder = findings.groups.folders[0] ?? '';
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const pid of readFileSync(join(folder, entry.name, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) {
      if (readFileSync(`/proc/${pid}/comm`, 'utf8') === 'agent\n') execFileSync('prlimit', ['--pid', pid, `--nofile=${most}:4096`], { uid: NOBODY, gid: NOBODY });
    }
  }
}
