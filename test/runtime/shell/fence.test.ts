/** The fence, on this machine's own kernel: what goes through it makes no user namespaces any more. */
import { spawnSync } from 'node:child_process';
import { machine } from 'node:os';
import { expect } from 'chai';
import { seccompFilter } from '../../../server/src/runtime/shell/seccomp.ts';
import { fence, fenced } from '../../../server/src/runtime/shell/fence.ts';
import { newMark } from '../../../server/src/runtime/shell/shell.ts';
import { need, program } from '../../require.ts';

const run = (command: readonly string[], env: NodeJS.ProcessEnv = process.env) => {
  const [file = '', ...args] = ['setpriv', '--no-new-privs', ...command];
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', env });
  return { status, stdout, stderr };
};
const behind = (...command: string[]) => fenced(command, machine(), seccompFilter, newMark());

describe('the fence', () => {
  before(need('setpriv and unshare', async () => (await program('setpriv')()) ?? program('unshare')()));

  it('takes user namespaces from what goes through, and from what that starts', () => {
    expect(run(['unshare', '-U', 'true']).status).to.equal(0);
    for (const command of [['unshare', '-U', 'true'], ['sh', '-c', 'sh -c "unshare -U true"']]) {
      const { status, stderr } = run(behind(...command));
      expect([status, stderr]).to.satisfy(([code, words]: [number, string]) => code !== 0 && /not permitted/.test(words));
    }
    expect(run(behind('grep', 'Seccomp:', '/proc/self/status')).stdout).to.match(/2$/m);
  });

  it('leaves everything else as it was', () => {
    const print = ['sh', '-c', 'printf "%s|" "$0" "$@" "$KEPT"; exit 7', 'a b', '', "it's"];
    const env = { PATH: process.env.PATH, KEPT: 'x y' };
    expect(run(behind(...print), env)).to.deep.equal(run(print, env)).and.to.include({ status: 7, stdout: "a b||it's|x y|" });
  });

  it('leaves nothing of itself', () => {
    const mark = newMark();
    expect(run(fenced(['sh', '-c', `ls -A /tmp | grep -c ${mark}`], machine(), seccompFilter, mark)).stdout).to.equal('0\n');
  });

  it('is not there where the machine is not known', () => {
    expect(fenced(['sh', '-c', ':'], 'riscv64', seccompFilter, newMark())).to.deep.equal(['sh', '-c', ':']);
    expect(fenced(['sh', '-c', ':'], undefined, seccompFilter, newMark())).to.deep.equal(['sh', '-c', ':']);
  });

  it('does not stand in the way of what can not be found', () => {
    expect(run(behind('no-such-program-87604')).status).to.equal(127);
  });

  it('is small, on every machine', () => {
    for (const each of ['x86_64', 'aarch64'] as const) expect(fence(each, seccompFilter(each)).length).to.be.below(2048);
  });
});
