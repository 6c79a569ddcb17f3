/** The fake runtime keeps the contract, too: otherwise the tests that use it would prove nothing. */
import { expect } from 'chai';
import { systemClock } from '../../../server/src/base/clock.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeRuntime, type FakeSandbox } from '../../fakes/runtime.ts';
import { contract, type Subject } from './contract.ts';
import { fake } from './dialects.ts';
import { create, run, start } from './harness.ts';

function subjectOf(runtime: FakeRuntime): Subject {
  return {
    runtime,
    destroy: async (sandbox) => (sandbox as FakeSandbox).destroy(),
    leftovers: async () => runtime.open.map(({ spec }) => spec.name),
    dispose: () => runtime.close(),
  };
}

contract(
  'fake',
  {
    make: async () => subjectOf(new FakeRuntime({ clock: systemClock, pty: false })),
    features: { shell: false, pty: false, languages: [], enforces: ['memory'], links: 'refused', dialect: fake },
  },
  ['can', 'life', 'files', 'programs', 'streams', 'connections'],
);

describe('the fake runtime', () => {
  it('sleeps on the clock that it is given', async () => {
    const clock = new FakeClock();
    const sandbox = await create(subjectOf(new FakeRuntime({ clock })));
    const running = await start(sandbox, 'echo before\nsleep 5000\necho after');
    await running.output.seen('before');
    await clock.advance(4999);
    expect(running.output.of('stdout').toString()).to.equal('before\n');
    await clock.advance(1);
    expect(await running.exited).to.deep.equal({ kind: 'exited', code: 0 });
    expect(running.output.of('stdout').toString()).to.equal('before\nafter\n');
  });

  it('kills after the grace period, on that clock', async () => {
    const clock = new FakeClock();
    const sandbox = await create(subjectOf(new FakeRuntime({ clock })));
    const running = await start(sandbox, 'stubborn\necho ready\nforever');
    await running.output.seen('ready');
    const killing = running.kill(300);
    await clock.advance(300);
    await killing;
    expect(await running.exited).to.deep.equal({ kind: 'signaled', signal: 'SIGKILL' });
    expect(clock.pending).to.equal(0);
  });

  it('runs scripts from files, which decide how they end', async () => {
    const sandbox = await create(subjectOf(new FakeRuntime({ clock: systemClock, languages: ['python'] })));
    await sandbox.files.write('/workspace/main.fake', Buffer.from('args\nwarn careful\ncrash SIGSEGV'), { mode: 'create', executable: undefined });
    const toolchain = await sandbox.toolchain('python');
    const command = toolchain?.phases('/workspace/main.fake', ['a', 'b'], '/tmp/scratch')[0]?.command ?? [];
    const { exit, stdout, stderr } = await run(sandbox, command);
    expect(exit).to.deep.equal({ kind: 'signaled', signal: 'SIGSEGV' });
    expect([stdout.toString(), stderr.toString()]).to.deep.equal(['a\0b\0', 'careful\n']);
    expect(await sandbox.toolchain('go')).to.equal(undefined);
    expect((await run(sandbox, 'oom')).exit.kind).to.equal('memoryLimit');
    expect((await run(sandbox, 'unheard-of')).exit).to.deep.equal({ kind: 'exited', code: 127 });
  });
});
