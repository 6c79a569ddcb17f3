/** The agent for aarch64, run by QEMU: it starts, runs a program and reads a file. */
import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../server/src/base/clock.ts';
import { socketCarrier } from '../../server/src/runtime/agent/carrier.ts';
import { AgentConnection } from '../../server/src/runtime/agent/connection.ts';
import { parseFacts } from '../../server/src/runtime/agent/facts.ts';
import { AgentFiles } from '../../server/src/runtime/agent/files.ts';
import { AgentProcess } from '../../server/src/runtime/agent/process.ts';
import { need, program } from '../require.ts';
import { Output, program as programOf } from '../runtime/contract/harness.ts';
import { agentFolder, builder, forQemu, onHost } from './compile.ts';

describe('the agent for aarch64', function () {
  before(need('what builds the agent', builder));
  before(need('QEMU for aarch64', async () => {
    const missing = await program('qemu-aarch64')();
    return missing && `${missing}; run test/setup/agent.sh as root`;
  }));

  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'aarch64-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts an agent for as long as `work` takes. */
  async function withAgent(file: string, work: (connection: AgentConnection) => Promise<void>): Promise<void> {
    const child = spawn('qemu-aarch64', [file, '--descriptor', '4'], { stdio: ['ignore', 'inherit', 'inherit', 'ignore', 'pipe'], env: { PATH: process.env.PATH } });
    const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
    const connection = new AgentConnection(socketCarrier(child.stdio[4] as Duplex), systemClock);
    await work(connection).finally(() => connection.destroy());
    await ended;
    expect(child.exitCode).to.equal(0);
  }

  const shipped = `${agentFolder}bin/agent-aarch64`;

  it('tells what is in force', () => withAgent(shipped, async (connection) => {
    const facts = parseFacts(await connection.hello);
    expect(facts.pid).to.be.greaterThan(1);
    expect(facts.mounts.get('/')).not.to.equal(undefined);
  }));

  it('reads and writes files', () => withAgent(shipped, async (connection) => {
    const files = new AgentFiles(connection);
    writeFileSync(join(folder, 'file'), 'content');
    expect((await files.read(join(folder, 'file'), 3, undefined)).bytes.toString()).to.equal('tent');
    await files.write(join(folder, 'folder/new'), Buffer.alloc(100_000, 'x'), { mode: 'overwrite', executable: true });
    await files.copy(join(folder, 'folder'), join(folder, 'second'), { recursive: true, overwrite: false });
    const { entries } = await files.list(folder, { recursive: true, limit: 10, accept: () => true });
    expect(entries.map(({ path, type }) => [relative(folder, path), type])).to.deep.equal([
      ['file', 'file'], ['folder', 'directory'], ['folder/new', 'file'], ['second', 'directory'], ['second/new', 'file'],
    ]);
  }));

  it('runs a program, and tells how it ended', async () => {
    await onHost('bash', [`${agentFolder}build.sh`, folder, '-include', forQemu]);
    await withAgent(join(folder, 'agent-aarch64'), async (connection) => {
      const output = new Output();
      const context = { connection, clock: systemClock, lostExit: () => Promise.resolve({ kind: 'lost', reason: '' } as const), giveUp: (why: string) => expect.fail(why), hasten: () => undefined };
      // QEMU leaves the start of a program to the kernel, so it is one of this machine.
      const command = ['/bin/sh', '-c', 'read line; echo "$GREETING $line"; echo warning >&2; exit 7'];
      const running = await AgentProcess.start(context, programOf(command, { cwd: '/', env: { GREETING: 'hello' }, stdin: Buffer.from('there\n') }), output.sink);
      expect(await running.exited).to.deep.include({ kind: 'exited', code: 7 });
      expect([output.of('stdout').toString(), output.of('stderr').toString()]).to.deep.equal(['hello there\n', 'warning\n']);
    });
  });

  it('says how it is called', () => {
    const { status, stderr } = spawnSync('qemu-aarch64', [shipped, '--nonsense'], { encoding: 'utf8' });
    expect([status, stderr]).to.deep.equal([2, 'usage: agent [--user UID:GID] [--processes N] [--socket PATH | --descriptor N] [--sealed]\n']);
  });
});
