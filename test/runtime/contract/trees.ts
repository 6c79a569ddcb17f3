/** The contract on the processes that programs start: none survives a kill, and none holds anything up. For runtimes with a shell. */
import { expect } from 'chai';
import type { Sandbox } from '../../../server/src/runtime/ports.ts';
import { eventually, type Parts, rejects, run, start, textOf, useSandbox } from './harness.ts';

/** The command lines of all processes in the sandbox, found with tools that every image has. */
const listProcesses = "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null; echo; done";

async function processes(sandbox: Sandbox, text: string): Promise<string[]> {
  const lines = (await textOf(sandbox, listProcesses)).split('\n');
  return lines.filter((line) => line.includes(text) && !line.includes('/proc/'));
}

export function describeTrees(parts: Parts): void {
  if (!parts.features.shell) return;

  describe('trees of processes', () => {
    const held = useSandbox(parts);

    const trees: Record<string, string> = {
      'in the background': 'sleep 87601 & sleep 87601 & echo ready; wait',
      'in a session of its own': 'setsid sleep 87601 & echo ready; wait',
      daemonised: '(setsid sh -c "sleep 87601 & exit" &); echo ready; sleep 87601',
      'that ignores TERM': "trap '' TERM; sh -c \"trap '' TERM HUP INT; echo ready; sleep 87601; sleep 87601\"",
      'that makes new ones': 'while :; do sleep 87601 & sleep 0.05; echo ready; done',
    };
    for (const [name, line] of Object.entries(trees)) {
      it(`are killed completely: a tree ${name} (F-C2, F-F9)`, async () => {
        const running = await start(held.sandbox, line);
        await running.output.seen('ready');
        await running.kill();
        expect(await running.exited).to.have.property('kind', 'signaled');
        expect(await processes(held.sandbox, '87601')).to.deep.equal([]);
      });
    }

    it('do not delay the end of the program that left them', async () => {
      const running = await start(held.sandbox, 'sleep 87602 & echo done');
      expect(await running.exited).to.deep.include({ kind: 'exited', code: 0 });
      expect(running.output.of('stdout').toString()).to.equal('done\n');
      await running.kill();
      expect(await processes(held.sandbox, '87602')).to.deep.equal([]);
    });

    it('do not write into the output of the next program', async () => {
      await run(held.sandbox, '(sleep 0.3; echo late; echo late >&2) & echo first');
      const { stdout, stderr } = await run(held.sandbox, 'sleep 0.6; echo second');
      expect([stdout.toString(), stderr.toString()]).to.deep.equal(['second\n', '']);
    });

    const suicides = { SIGKILL: 'KILL', SIGTERM: 'TERM', SIGSEGV: 'SEGV' };
    for (const [signal, name] of Object.entries(suicides)) {
      it(`tell death by ${signal} from an exit with the same status`, async () => {
        const { exit } = await run(held.sandbox, `kill -${name} $$`);
        expect(exit).to.deep.include({ kind: 'signaled', signal });
      });
    }

    it('are started from a program with its arguments, or from a line of sh', async () => {
      expect(await textOf(held.sandbox, ['printf', '%s|', 'a b', "it's", ''])).to.equal("a b|it's||");
      expect(await textOf(held.sandbox, "a='x  y'; echo \"$a\" | tr x z && (cd /tmp; pwd)")).to.equal('z  y\n/tmp\n');
    });

    it('report what can not be run', async () => {
      const missing = await rejects(run(held.sandbox, ['no-such-program-87603']), 'SandboxFailed');
      expect(missing.message).to.contain('no-such-program-87603').and.contain('ENOENT');
      const bySh = await run(held.sandbox, 'no-such-program-87603');
      expect(bySh.exit).to.deep.include({ kind: 'exited', code: 127 });
      const notExecutable = await run(held.sandbox, 'echo x > data; ./data');
      expect(notExecutable.exit).to.deep.include({ kind: 'exited', code: 126 });
      const refused = await rejects(run(held.sandbox, ['/workspace/data']), 'SandboxFailed');
      expect(refused.message).to.contain('/workspace/data').and.contain('EACCES');
    });

    it('leave no dead process behind, also of those for which nobody waits, while their program runs on and when it has ended (F-C3)', async () => {
      // A process that has just ended is there until its parent has waited for it.
      const noneDead = () => eventually(async () => {
        const zombies = await textOf(held.sandbox, "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l");
        expect(Number(zombies)).to.equal(0);
      });
      // The subshell is waited for, and what it has started is nobody's child then.
      const running = await start(held.sandbox, 'i=0; while [ $i -lt 40 ]; do (/bin/true &); i=$((i+1)); done; echo ready; read line', { stdin: 'open' });
      await running.output.seen('ready');
      await noneDead();
      running.end();
      expect(await running.exited).to.have.property('kind', 'exited');
      await Promise.all(Array.from({ length: 10 }, () => run(held.sandbox, '(/bin/true &)')));
      await noneDead();
    });
  });
}
