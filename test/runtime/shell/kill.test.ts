/** Nothing of a killed command stays, wherever it hid; nothing else is touched (C2). In a pid namespace of its own. */
import { expect } from 'chai';
import { killLine } from '../../../server/src/runtime/shell/lines.ts';
import { need } from '../../require.ts';
import { type Opened, openLocal, processNamespaces } from './local.ts';
import { localShells } from './shells.ts';

/** What a command may do to be hard to find. Each goes on after `ready` until it is killed. */
const trees: Record<string, string> = {
  'a program': 'echo ready; exec sleep 600',
  'its children': 'sleep 600 & sleep 600 & echo ready; wait',
  'children of children': 'sh -c "sh -c \\"sleep 600 & sleep 600\\"" & echo ready; wait',
  'a session of its own': 'setsid sleep 600 & echo ready; sleep 600',
  'a daemon: two forks and a session': 'setsid sh -c "sleep 600 & exit" & sleep 0.1; echo ready; sleep 600',
  'a daemon without our mark in its environment': 'env -i setsid sh -c "/bin/sleep 600 & exit" & sleep 0.1; echo ready; sleep 600',
  'a child without our mark in its environment': 'env -i /bin/sleep 600 & echo ready; wait',
  'a program deaf to signals': 'trap "" TERM INT HUP QUIT; echo ready; while :; do sleep 0.1; done',
  'stopped processes': 'sleep 600 & kill -STOP $!; echo ready; kill -STOP $$',
  'a name with odd characters': 'cp /bin/sleep "/tmp/a) Z 1 (b" && { "/tmp/a) Z 1 (b" 600 & until grep -q "Z 1" /proc/$!/stat; do sleep 0.01; done; rm "/tmp/a) Z 1 (b"; echo ready; wait; }',
  'a chain that forks on': 'f() { sleep 0.05; f & }; f; echo ready; sleep 600',
};

/** Every live process in the namespace but the first one, the shell and who asks. */
const CENSUS = 'for d in /proc/[0-9]*; do p=${d#/proc/}; [ $p = 1 ] || [ $p = $$ ] || { read -r line <$d/cmdline; echo "$p $(tr "\\0" " " <$d/cmdline)"; }; done 2>/dev/null';

for (const local of localShells) {
  describe(`killing in a held shell, ${local.name}`, () => {
    before(need('pid namespaces', processNamespaces));
    let held: Opened;
    beforeEach(async () => (held = await openLocal(local, { isolated: true })));
    afterEach(() => held.close());

    /** The commands that run in there. */
    const census = async () => {
      const { stdout } = await held.run(CENSUS, { id: 'census' });
      return stdout.split('\n').filter((line) => line.includes('sleep') || line.includes('a) Z'));
    };

    /** Kills what was started as `id` until its command has ended. */
    const kill = async (id: string, ended: Promise<unknown>) => {
      let over = false;
      void ended.then(() => (over = true));
      while (!over) {
        held.shell.control(killLine(id, '$W'));
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 50))]);
      }
    };

    for (const [name, command] of Object.entries(trees)) {
      it(`takes ${name}`, async () => {
        let ready = () => {};
        const started = new Promise<void>((resolve) => (ready = resolve));
        const running = held.run(command, { id: 'doomed', sink: (_stream, chunk) => void (chunk.includes('ready') && ready()) });
        await started;
        await kill('doomed', running);
        const { report } = await running;
        expect(report?.exit).to.include({ kind: 'signaled', signal: 'SIGKILL' });
        await held.run('sleep 0.1');
        expect(await census()).to.deep.equal([]);
      });
    }

    it('leaves what another command left, and itself', async () => {
      const { stdout } = await held.run('sleep 601 >/dev/null 2>&1 & echo $!', { id: 'kept' });
      let ready = () => {};
      const started = new Promise<void>((resolve) => (ready = resolve));
      const running = held.run('echo ready; sleep 602', { id: 'doomed', sink: () => ready() });
      await started;
      await kill('doomed', running);
      expect(await census()).to.deep.equal([`${stdout.trim()} sleep 601 `]);
      expect((await held.run('exit 3')).report?.exit).to.include({ code: 3 });
    });
  });
}
