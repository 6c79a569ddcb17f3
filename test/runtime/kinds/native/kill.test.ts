/** Nothing of a killed command stays, wherever it hid, and nothing else is touched (F-C2), with a real agent. */
import { expect } from 'chai';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import { need } from '../../../require.ts';
import { create, run, start, textOf, useSandbox } from '../../contract/harness.ts';
import { bubblewrap, native, nativeSubject } from './subject.ts';

/** What a command may do to be hard to find. Each goes on after `ready` until it is killed. */
const trees: Record<string, string> = {
  'a program': 'echo ready; exec sleep 600',
  'its children': 'sleep 600 & sleep 600 & echo ready; wait',
  'children of children': 'sh -c "sh -c \\"sleep 600 & sleep 600\\"" & echo ready; wait',
  'a session of its own': 'setsid sleep 600 & echo ready; sleep 600',
  'a daemon: two forks and a session': 'setsid sh -c "sleep 600 & exit" & sleep 0.1; echo ready; sleep 600',
  'a daemon with an empty environment': 'env -i setsid sh -c "/bin/sleep 600 & exit" & sleep 0.1; echo ready; sleep 600',
  'sessions three deep': 'setsid sh -c "setsid sh -c \\"setsid sleep 600 & exit\\" & exit" & sleep 0.2; echo ready; sleep 600',
  'a program deaf to signals': 'trap "" TERM INT HUP QUIT; echo ready; while :; do sleep 0.1; done',
  'stopped processes': 'sleep 600 & kill -STOP $!; echo ready; kill -STOP $$',
  'a name with odd characters': 'cp /bin/sleep "/tmp/a) Z 1 (b" && { "/tmp/a) Z 1 (b" 600 & until grep -q "Z 1" /proc/$!/stat; do sleep 0.01; done; rm "/tmp/a) Z 1 (b"; echo ready; wait; }',
  'a chain that forks on': 'f() { sleep 0.05; f & }; f; echo ready; sleep 600',
  'one that holds its streams open and was left by its parent': '(setsid sleep 600 &); echo ready; exec sleep 600',
};

/** The command lines of all other processes. */
const CENSUS = 'for d in /proc/[0-9]*; do p=${d#/proc/}; [ $p = 1 ] || [ $p = $$ ] || { read -r line <$d/cmdline; echo "$p $(tr "\\0" " " <$d/cmdline)"; }; done 2>/dev/null';

describe('a kill in a native sandbox', () => {
  before(need('bubblewrap', bubblewrap));
  const held = useSandbox(native);

  const census = async () => (await textOf(held.sandbox, CENSUS)).split('\n').filter((line) => /sleep|a\) Z| f\b/.test(line));

  for (const [name, line] of Object.entries(trees)) {
    it(`takes ${name} (F-C2)`, async () => {
      const running = await start(held.sandbox, line);
      await running.output.seen('ready');
      await running.kill();
      expect(await running.exited).to.include({ kind: 'signaled', signal: 'SIGKILL' });
      expect(await census()).to.deep.equal([]);
    });
  }

  it('takes what a command has left that ended by itself', async () => {
    const running = await start(held.sandbox, 'setsid sleep 600 & sleep 600 & echo ready');
    expect(await running.exited).to.include({ kind: 'exited', code: 0 });
    expect(await census()).to.have.length(2);
    await running.kill();
    expect(await census()).to.deep.equal([]);
  });

  it('leaves what another command left, what is running beside it, and what was stopped', async () => {
    const left = await textOf(held.sandbox, 'sleep 601 >/dev/null 2>&1 & echo $!');
    const stopped = await textOf(held.sandbox, 'sleep 603 >/dev/null 2>&1 & until grep -q sleep /proc/$!/comm; do :; done; kill -STOP $!; echo $!');
    const beside = await start(held.sandbox, 'echo ready; exec sleep 604');
    await beside.output.seen('ready');
    const doomed = await start(held.sandbox, 'echo ready; while :; do (:); done');
    await doomed.output.seen('ready');
    await doomed.kill();
    expect((await census()).map((line) => line.trim().replace(/^\d+ /, '')).sort()).to.deep.equal(['sleep 601', 'sleep 603', 'sleep 604']);
    expect(await textOf(held.sandbox, `grep State /proc/${stopped.trim()}/status`)).to.match(/T \(stopped\)/);
    await run(held.sandbox, `kill -9 ${left.trim()} ${stopped.trim()}`);
    await beside.kill();
    expect(await census()).to.deep.equal([]);
  });
});

describe('a native sandbox whose processes were stopped from outside', () => {
  before(need('bubblewrap', bubblewrap));

  it('is removed all the same, with its agent (F-C7)', async () => {
    const subject = await nativeSubject(createNativeRuntime);
    const sandbox = await create(subject);
    const running = await start(sandbox, 'echo ready; exec sleep 600');
    await running.output.seen('ready');
    subject.stop();
    await sandbox.close();
    expect([(await running.exited).kind, await subject.leftovers()]).to.deep.equal(['lost', []]);
    await subject.dispose();
  });
});
