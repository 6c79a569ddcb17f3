/** Programs on the host that leave processes behind, hold pipes open or write too much. Failures F-C1, F-C2 and F-C8. */
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../server/src/base/clock.ts';
import { createLog } from '../../../server/src/base/log.ts';
import { Keeper } from '../../../server/src/runtime/machine/keeper.ts';
import { type MachineProcess, startProcess } from '../../../server/src/runtime/machine/process.ts';
import type { Sink } from '../../../server/src/runtime/ports.ts';
import { Output, rejects } from '../contract/harness.ts';
import { processesWith } from '../kinds/deno/subject.ts';
import { until } from '../kinds/deno/until.ts';

describe('programs of the host', () => {
  let folder: string;
  let keeper: Keeper;
  let output: Output;
  const MIB = 1024 * 1024;

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'host-process-')));
    keeper = new Keeper({ process, log: createLog('error', () => undefined) });
  });
  beforeEach(() => (output = new Output()));
  after(async () => {
    await keeper.close();
    await rm(folder, { recursive: true });
  });

  const sh = (line: string, sink: Sink = output.sink, stdin: 'none' | 'open' | Buffer = 'none'): Promise<MachineProcess> =>
    startProcess({ command: ['/bin/sh', '-c', line], cwd: folder, env: { PATH: '/usr/bin:/bin' }, stdin, maxFileBytes: MIB }, sink, { keeper, clock: systemClock });

  it('have ended when their own process has, not when processes that they left in the background have', async () => {
    const program = await sh('sleep 85001 & echo done');
    expect(await program.exited).to.deep.equal({ kind: 'exited', code: 0 });
    expect(output.of('stdout').toString()).to.equal('done\n');
    await until('what it left is gone too', () => processesWith('sleep 85001').length === 0);
  });

  it('have ended when their own process has, even if another one goes on writing to their output (F-C2)', async () => {
    const program = await sh('setsid sh -c "echo \\$\\$ > pid; exec yes late" & echo done; sleep 0.2');
    expect(await program.exited).to.deep.equal({ kind: 'exited', code: 0 });
    const before = output.of('stdout').length;
    expect(output.of('stdout').toString()).to.match(/^(late\n)*done\n/);
    // The pipe is closed at the reading end, so that it can't write any more.
    await until('the writer is gone', () => processesWith('yes late').length === 0);
    expect(output.of('stdout').length).to.equal(before);
  });

  it('lose nothing of what they wrote right before their end, even with a slow sink', async () => {
    let taken = 0;
    const program = await sh('head -c 60000 /dev/zero', async (_, chunk) => {
      await new Promise((resolve) => setTimeout(resolve, 120));
      taken += chunk.length;
    });
    expect(await program.exited).to.deep.equal({ kind: 'exited', code: 0 });
    expect(taken).to.equal(60_000);
  });

  it('are killed with their whole group', async () => {
    const program = await sh('sleep 85002 & sleep 85002 & echo ready; trap "" TERM; wait; wait');
    await output.seen('ready');
    await program.kill();
    expect(await program.exited).to.deep.equal({ kind: 'signaled', signal: 'SIGKILL' });
    await until('nothing is left', () => processesWith('sleep 85002').length === 0);
  });

  it('are signaled by their number only as long as they have it, whatever else is going on', async () => {
    const signaled: unknown[] = [];
    const kill = (...about: unknown[]): true => {
      signaled.push(about);
      return true;
    };
    const lent = new Keeper({ process: { pid: process.pid, kill }, log: createLog('error', () => undefined) });
    const program = await startProcess({ command: ['/bin/sh', '-c', 'sleep 85005 & echo $!'], cwd: folder, env: { PATH: '/usr/bin:/bin' }, stdin: 'none', maxFileBytes: MIB }, output.sink, { keeper: lent, clock: systemClock });
    await program.gone;
    expect(signaled).to.deep.equal([[-program.pid, 'SIGKILL']]);
    await program.kill();
    expect(await program.signal('SIGTERM')).to.equal(false);
    expect(signaled).to.have.length(1);
    // The keeper itself has signaled nobody: it would come later, when the system may have given the number to others.
    await lent.close();
    await program.exited;
    expect(processesWith('sleep 85005')).to.have.length(1);
    process.kill(Number(output.of('stdout').toString()), 'SIGKILL');
  });

  it('get signals with their whole group, by POSIX names only', async () => {
    const program = await sh('trap "echo got it; exit 5" USR1; echo ready; sleep 85003 & wait');
    await output.seen('ready');
    await rejects(program.signal('SIGNONSENSE'), 'InvalidParams');
    await rejects(program.signal('KILL 1'), 'InvalidParams');
    await program.signal('SIGUSR1');
    expect(await program.exited).to.deep.equal({ kind: 'exited', code: 5 });
    await program.signal('SIGKILL');
    await program.kill();
  });

  it('inherit no variable, no descriptor, and no ignored signal but SIGXFSZ (F-E8)', async () => {
    process.env.HOST_CANARY = 'canary';
    try {
      await (await sh('env; i=3; while [ $i -lt 100 ]; do [ -e /proc/$$/fd/$i ] && echo descriptor $i; i=$((i+1)); done; grep SigIgn /proc/self/status')).exited;
    } finally {
      delete process.env.HOST_CANARY;
    }
    const text = output.of('stdout').toString();
    expect(text).not.to.contain('CANARY');
    expect(text).not.to.contain('descriptor');
    expect(text).to.match(/^SigIgn:\t0000000001000000$/m);
  });

  it('can not write a file larger than the limit, and leave no core file', async () => {
    const program = await sh('head -c 3000000 /dev/zero > big; sh -c \'kill -SEGV $$\'; ulimit -c');
    expect(await program.exited).to.deep.equal({ kind: 'exited', code: 0 });
    expect((await stat(join(folder, 'big'))).size).to.equal(MIB);
    expect(output.of('stderr').toString()).to.match(/too large/i);
    expect(output.of('stdout').toString()).to.equal('0\n');
    expect(existsSync(join(folder, 'core'))).to.equal(false);
  });

  it('are reported if they can not be started', async () => {
    const start = (command: string[], cwd = folder) =>
      startProcess({ command, cwd, env: {}, stdin: 'none', maxFileBytes: 0 }, output.sink, { keeper, clock: systemClock });
    await rejects(start(['/bin/true'], join(folder, 'nowhere')), 'SandboxFailed');
    await rejects(start(['/bin/true', 'x'.repeat(3 * MIB)]), 'SandboxFailed');
    expect(await (await start(['/no/such/program'])).exited).to.deep.equal({ kind: 'exited', code: 127 });
  });

  it('may leave their input unread', async () => {
    const program = await sh('exec 0<&-; sleep 0.1; exit 4', output.sink, Buffer.alloc(4 * MIB));
    expect(await program.exited).to.deep.equal({ kind: 'exited', code: 4 });
  });

  it('take no more input than they read', async () => {
    const program = await sh('echo ready; read -r line; echo "$line"; exec sleep 85004', output.sink, 'open');
    await output.seen('ready');
    let written = false;
    const writing = program.write(Buffer.alloc(8 * MIB, 'line\n')).then(() => (written = true));
    await output.seen('line');
    expect(written).to.equal(false);
    await program.kill();
    await writing;
    expect(await program.exited).to.deep.equal({ kind: 'signaled', signal: 'SIGKILL' });
  });
});
