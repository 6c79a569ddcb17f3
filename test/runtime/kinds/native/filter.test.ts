/**
 * The system call filter by itself: an agent that runs on the host, outside of any sandbox, so that nothing else is in the
 * way of its programs. What they try works on the host, which shows that it is the filter that denies it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { machine } from 'node:os';
import { type Duplex, PassThrough } from 'node:stream';
import { expect } from 'chai';
import { systemClock } from '../../../../server/src/base/clock.ts';
import { createLog } from '../../../../server/src/base/log.ts';
import { ProtocolError } from '../../../../server/src/protocol/index.ts';
import { AGENT_FD, agentFile, type Facts, hasAgent, layers, openSandbox, socketCarrier } from '../../../../server/src/runtime/agent/index.ts';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { need, program } from '../../../require.ts';
import { limits, run, textOf } from '../../contract/harness.ts';

/** Each is a shell line that does something that the filter denies. */
const attempts: Record<string, string> = {
  'make namespaces': 'unshare -r true',
  'change its personality': 'setarch -R true',
  'use keyrings': "python3 -c 'import ctypes, platform, sys; call = {\"x86_64\": 250, \"aarch64\": 219}[platform.machine()]; sys.exit(ctypes.CDLL(None).syscall(call, 0, -3, 0) < 0)'",
};

async function agentOnHost(): Promise<Sandbox> {
  const arch = machine();
  if (!hasAgent(arch)) throw new Error(`there is no agent for ${arch}`);
  const child = spawn(agentFile(arch), ['--descriptor', String(AGENT_FD)], { stdio: ['ignore', 'inherit', 'inherit', 'ignore', 'pipe'] });
  return openSandbox({
    carrier: socketCarrier((child.stdio[AGENT_FD] as Duplex | null) ?? new PassThrough().destroy()),
    limits, image: undefined, clock: systemClock, log: createLog('error', () => undefined), signal: new AbortController().signal, ended: undefined,
    refusal: (why) => new ProtocolError('SandboxFailed', why),
    surroundings: {
      isolation: (facts: Facts) => layers.isolationOf(10, [layers.seccomp(facts), layers.noNewPrivileges(facts.noNewPrivs === true)]),
      destroy: async () => void child.kill('SIGKILL'),
      copyIn: () => Promise.reject(new Error('it takes no folder')),
    },
  });
}

describe('the system call filter of the agent', () => {
  for (const tool of ['unshare', 'setarch', 'python3']) before(need(tool, program(tool)));
  let sandbox: Sandbox;
  before(async () => (sandbox = await agentOnHost()));
  after(() => sandbox.close());

  it('is in force, with no new privileges', () => {
    expect(sandbox.isolation.layers.map(({ name, state }) => [name, state])).to.deep.equal([['seccomp', 'enforced'], ['noNewPrivileges', 'enforced']]);
  });

  for (const [name, line] of Object.entries(attempts)) {
    it(`does not let a program ${name}, which works on the host without it`, async () => {
      execFileSync('/bin/sh', ['-c', line], { stdio: 'ignore' });
      const { exit } = await run(sandbox, line, { cwd: '/', env: { PATH: process.env.PATH ?? '' } });
      expect(exit).to.have.property('kind', 'exited');
      expect(exit).not.to.have.property('code', 0);
    });
  }

  it('leaves ordinary programs as they are', async () => {
    expect(await textOf(sandbox, ['sh', '-c', 'printf "%s|" "$@" | cat', 'sh', 'a b', '', "it's"], { cwd: '/' })).to.equal("a b||it's|");
  });
});
