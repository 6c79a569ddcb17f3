/** If the agent, a supervisor or what holds the sandbox is lost, the session is lost and told so within a second, and no result is made up (K4, K13). */
import { expect } from 'chai';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { create, rejects, start, type Subject, needGroups } from '../../contract/harness.ts';
import { everySandbox, everywhere, onHostKernel, python, useSandbox } from './sandboxes.ts';

const ways: Record<string, readonly string[]> = {
  'a program kills its supervisor': ['sh', '-c', 'kill -9 $PPID; sleep 600'],
  'a program kills its supervisor and ends well': ['sh', '-c', 'kill -9 $PPID; exit 0'],
  'a program kills everything': python('signal.signal(15, signal.SIG_IGN); libc.kill(-1, 9); time.sleep(600)'),
  'a program ends its supervisor by a limit of its time': python('import resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))\nfor _ in range(200000): os.getppid()\nif os.fork() == 0: os._exit(0)\nlibc.kill(os.getppid(), 9); time.sleep(600)'),
  'a program keeps stopping its supervisor': python('parent = os.getppid()\nwhile True: libc.kill(parent, 19)'),
};

/** Whatever runs must be told as lost, long before it would have ended. */
async function expectLoss(sandbox: Sandbox, lose: () => Promise<unknown>): Promise<void> {
  const beside = await start(sandbox, 'echo ready; sleep 600; exit 0');
  await beside.output.seen('ready');
  await lose();
  const [why, exit] = await Promise.all([sandbox.lost, beside.exited]);
  expect(why).to.be.a('string').that.is.not.empty;
  expect(exit.kind).to.equal('lost');
  await rejects(start(sandbox, 'exit 0'), 'SandboxLost');
  await rejects(sandbox.files.read('/workspace/x', 0, undefined), 'SandboxLost');
  await sandbox.close();
}

everySandbox('a sandbox is lost', everywhere, (parts, name) => {
  const held = useSandbox(parts);
  const made = (subject: Subject) => create(subject);

  for (const [what, command] of Object.entries(ways)) {
    if (name === 'gvisor' && /limit|stopping/.test(what)) continue;
    it(`and told to be, if ${what} (F-C8, F-D9)`, async () => {
      const sandbox = await made(held.subject);
      await expectLoss(sandbox, async () => {
        const own = await start(sandbox, command).catch(() => undefined);
        expect((await own?.exited)?.kind ?? 'lost').to.equal('lost');
      });
    });
  }
});

everySandbox('a sandbox is lost', onHostKernel, (parts, name) => {
  before(needGroups(parts.features));
  const held = useSandbox(parts);

  it(`and told to be, if ${name === 'native' ? 'its processes are' : 'its container is'} ended from outside`, async () => {
    const sandbox = await create(held.subject);
    await expectLoss(sandbox, () => held.subject.destroy?.(sandbox) ?? Promise.resolve());
  });
});
