/** With full disks and without memory the session answers, cleans up and goes on (K6). */
import { expect } from 'chai';
import { defaultLimits } from '../../../../server/src/policy/defaults.ts';
import { read, rejects, run, start, textOf, write, needGroups } from '../../contract/harness.ts';
import { everySandbox, everywhere, onHostKernel, python, stillWorks, useSandbox } from './sandboxes.ts';

const MIB = 1024 * 1024;
const places = ['/workspace', '/tmp', '/dev/shm'];

everySandbox('a session with full disks', everywhere, (parts) => {
  const held = useSandbox(parts, { limits: { ...defaultLimits, pids: 128 } });

  it('is told so, holds no more than its limit, and has memory for its programs (F-B9, F-F9)', async () => {
    const { exit, stderr } = await run(held.sandbox, places.map((place, at) => `head -c 300M /dev/zero >${place}/fill${at}`).join('; '));
    expect(exit).to.deep.include({ kind: 'exited' });
    expect(stderr.toString().match(/No space left/g)).to.have.lengthOf(3);
    const sizes = (await textOf(held.sandbox, `cat ${places.map((place, at) => `${place}/fill${at}`).join(' ')} | wc -c`)).trim();
    expect(Number(sizes)).to.be.within(defaultLimits.diskBytes - 4 * MIB, defaultLimits.diskBytes);
    for (const place of places) {
      // The other places that can be written are for programs alone: clients see /workspace and /tmp.
      if (place !== '/dev/shm') await rejects(held.sandbox.files.write(`${place}/more`, Buffer.alloc(MIB), { mode: 'overwrite', executable: undefined }), 'DiskFull');
    }
    expect(await textOf(held.sandbox, ['python3', '-c', "x = bytearray(100 << 20); print(len(x))"])).to.equal(`${100 * MIB}\n`);
    await stillWorks(held.sandbox);
    await held.sandbox.files.delete('/workspace/fill0', { recursive: false, force: false });
    await write(held.sandbox, '/workspace/more', 'text');
    expect(await read(held.sandbox, '/workspace/more')).to.equal('text');
  });

  it('keeps what was in a file that there is no room to replace', async () => {
    await write(held.sandbox, '/tmp/kept', 'before').catch(() => undefined);
    await textOf(held.sandbox, 'rm -f /tmp/fill1 /workspace/fill0; printf before >/tmp/kept; head -c 300M /dev/zero >/tmp/fill1 2>/dev/null; true');
    await rejects(held.sandbox.files.write('/tmp/kept', Buffer.alloc(8 * MIB), { mode: 'overwrite', executable: undefined }), 'DiskFull');
    expect(await read(held.sandbox, '/tmp/kept')).to.equal('before');
    expect(await textOf(held.sandbox, 'ls -A /tmp')).to.equal('fill1\nkept\n');
  });
});

everySandbox('a session with more directories than the agent keeps in mind', onHostKernel, (parts) => {
  const held = useSandbox(parts, { limits: { ...defaultLimits, memoryBytes: 256 * MIB, diskBytes: 64 * MIB } });

  it('lists some, says that there are more, and goes on', async () => {
    await textOf(held.sandbox, python(`
os.chdir('/workspace')
for _ in range(15): os.mkdir('d' * 250); os.chdir('d' * 250)
for name in range(60000): os.mkdir(str(name))`));
    const { entries, truncated } = await held.sandbox.files.list('/workspace', { recursive: true, limit: 1_000_000, accept: (path) => path.length < 300 });
    expect([entries.length, truncated]).to.deep.equal([1, true]);
    await stillWorks(held.sandbox);
  });
});

everySandbox('a session without memory', onHostKernel, (parts) => {
  before(needGroups(parts.features));
  const held = useSandbox(parts, { limits: { ...defaultLimits, memoryBytes: 96 * MIB, diskBytes: 48 * MIB, pids: 128 } });

  it('loses the program that took it, and goes on (F-F9)', async () => {
    const beside = await start(held.sandbox, 'echo ready; read line; exit 7', { stdin: 'open' });
    await beside.output.seen('ready');
    const { exit } = await run(held.sandbox, python("for _ in range(20):\n    if os.fork() == 0: x = bytearray(60 << 20); time.sleep(600)\nx = bytearray(200 << 20)"));
    expect(exit.kind).to.equal('memoryLimit');
    await stillWorks(held.sandbox);
    await write(held.sandbox, '/workspace/x', 'text');
    beside.end();
    // A small program is the last that the kernel takes.
    expect(await beside.exited).to.deep.include({ kind: 'exited', code: 7 });
  });

  it('goes on although its disks are full, too', async () => {
    await run(held.sandbox, places.map((place) => `head -c 300M /dev/zero >${place}/fill`).join('; '));
    expect((await run(held.sandbox, 'exec tail /dev/zero')).exit.kind).to.equal('memoryLimit');
    await stillWorks(held.sandbox);
  });
});

everySandbox('a session whose memory is taken by folders within folders', onHostKernel, (parts) => {
  before(needGroups(parts.features));
  const held = useSandbox(parts, { limits: { ...defaultLimits, memoryBytes: 96 * MIB, diskBytes: 96 * MIB } });

  it('removes them all, and goes on (F-F9)', async () => {
    const { exit } = await run(held.sandbox, python("os.chdir('/tmp')\nwhile True:\n    os.mkdir('d' * 50); os.chdir('d' * 50)"));
    expect(exit.kind).to.be.oneOf(['memoryLimit', 'exited']);
    await held.sandbox.files.delete(`/tmp/${'d'.repeat(50)}`, { recursive: true, force: false });
    expect(await textOf(held.sandbox, 'ls -A /tmp')).to.equal('');
    await stillWorks(held.sandbox);
  });

  it('removes what has the names that the agent gives to folders that lie too deep', async () => {
    const deep = 'd/'.repeat(100);
    await textOf(held.sandbox, `mkdir -p /tmp/top/${deep} /tmp/top/removed-0/${deep}; echo x >/tmp/top/removed-1; echo x >/tmp/top/${deep}file`);
    await held.sandbox.files.delete('/tmp/top', { recursive: true, force: false });
    expect(await textOf(held.sandbox, 'ls -A /tmp')).to.equal('');
  });
});
