/** File commands on what programs make that is out of the ordinary. */
import { expect } from 'chai';
import { names, read, rejects, start, textOf, write } from '../../contract/harness.ts';
import { everySandbox, everywhere, onHostKernel, python, useSandbox } from './sandboxes.ts';

everySandbox('file commands', everywhere, (parts) => {
  const held = useSandbox(parts);

  it('delete folders that are nested deeper than a path can be long, with all that is in them', async () => {
    await textOf(held.sandbox, python(`
os.mkdir('/workspace/deep'); os.chdir('/workspace/deep')
for level in range(600):
    for name in ('a', 'z' * 200): open(name, 'w').close()
    os.symlink('/workspace/kept', 'link'); os.mkdir('before'); os.mkdir('m' * 30); os.chdir('m' * 30)
os.chmod('../before', 0); os.mkdir('/workspace/kept'); open('/workspace/kept/x', 'w').close()`));
    expect(await held.sandbox.files.delete('/workspace/deep', { recursive: true, force: false })).to.equal(true);
    expect(await names(held.sandbox, '/workspace', true)).to.deep.equal(['kept', 'kept/x']);
  });
});

everySandbox('file commands', onHostKernel, (parts) => {
  const held = useSandbox(parts);

  it('name the lease that a program has on a file, and work when it has ended', async () => {
    await write(held.sandbox, '/workspace/leased', 'text');
    const program = python(`
import fcntl
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open('/workspace/leased', os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('ready', flush=True); time.sleep(600)`);
    const running = await start(held.sandbox, program);
    await running.output.seen('ready');
    for (const work of [read(held.sandbox, '/workspace/leased'), held.sandbox.files.write('/workspace/leased', Buffer.from('x'), { mode: 'append', executable: undefined })]) {
      expect((await rejects(work, 'SandboxFailed')).message).to.match(/^\/workspace\/leased: a program of the session has a lease on it/);
    }
    await running.kill();
    expect(await read(held.sandbox, '/workspace/leased')).to.equal('text');
  });
});
