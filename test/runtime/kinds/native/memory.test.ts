/** What is told of programs in a native sandbox whose memory runs out: of the one that it happened to, and of no other. */
import { expect } from 'chai';
import { need } from '../../../require.ts';
import { limits, run, start, textOf, useSandbox } from '../../contract/harness.ts';
import { controlGroups, native } from './subject.ts';

const MiB = 1024 * 1024;
const HOG = "python3 -c 'x = bytearray(400 << 20)'";

describe('memory that runs out in a native sandbox', () => {
  before(need('control groups', controlGroups));
  const held = useSandbox(native, { limits: { ...limits, memoryBytes: 96 * MiB } });

  it('ends a program by a signal, and that is told with the most that was in use', async () => {
    const { exit } = await run(held.sandbox, `exec ${HOG}`);
    expect(exit).to.deep.include({ kind: 'memoryLimit', signal: 'SIGKILL', code: null });
    expect(exit.kind === 'memoryLimit' && exit.usage?.peakMemoryBytes).to.be.within(60 * MiB, 97 * MiB);
  });

  it('ends a child, after which the program fails by a code', async () => {
    expect((await run(held.sandbox, `${HOG}; exit 3`)).exit).to.deep.include({ kind: 'memoryLimit', signal: null, code: 3 });
  });

  it('ends a child, and the program survives that', async () => {
    expect((await run(held.sandbox, `${HOG}; exit 0`)).exit).to.deep.include({ kind: 'exited', code: 0 });
  });

  it('is not told of the programs afterwards', async () => {
    await run(held.sandbox, `${HOG}; exit 0`);
    expect((await run(held.sandbox, 'exit 1')).exit).to.deep.include({ kind: 'exited', code: 1 });
    expect((await run(held.sandbox, 'kill -9 $$')).exit).to.deep.include({ kind: 'signaled', signal: 'SIGKILL' });
  });

  it('is told of the program to which it happened, also if others end before it does', async () => {
    const running = await start(held.sandbox, `${HOG}; echo lost; read line; exit 3`, { stdin: 'open' });
    await running.output.seen('lost');
    for (const line of ['exit 0', 'exit 1', 'kill -9 $$']) await run(held.sandbox, line);
    running.end();
    expect(await running.exited).to.deep.include({ kind: 'memoryLimit', signal: null, code: 3 });
  });

  it('is not told of small programs that fail while it happens to others', async () => {
    const hogs = await start(held.sandbox, `echo ready; while :; do ${HOG}; echo again; done`);
    await hogs.output.seen('again');
    for (let turn = 0; turn < 20; turn++) expect((await run(held.sandbox, 'sleep 0.02; exit 7')).exit).to.deep.include({ kind: 'exited', code: 7 });
    await hogs.kill();
  });

  it('takes programs, and never the agent, also if it runs out again and again beside another program', async () => {
    const beside = await start(held.sandbox, 'echo ready; exec cat', { stdin: 'open' });
    await beside.output.seen('ready');
    for (let turn = 0; turn < 5; turn++) await run(held.sandbox, HOG);
    expect(await textOf(held.sandbox, 'echo works')).to.equal('works\n');
    await beside.kill();
  });

  it('because the disk is full of files leaves files and programs that can be used', async () => {
    const { exit } = await run(held.sandbox, 'head -c 200000000 /dev/zero >/workspace/fill; exit 0');
    expect(exit).to.have.property('kind').that.is.oneOf(['exited', 'memoryLimit']);
    expect(await held.sandbox.files.delete('/workspace/fill', { recursive: false, force: false })).to.equal(true);
    expect(await textOf(held.sandbox, 'echo works')).to.equal('works\n');
  });
});
