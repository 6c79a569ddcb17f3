/** A line that a program writes in several pieces is one piece of output, in every kind of sandbox (T15). */
import { expect } from 'chai';
import { start } from '../../contract/harness.ts';
import { everySandbox, everywhere, useSandbox } from './sandboxes.ts';

everySandbox('a line of output (T15)', everywhere, (parts) => {
  const held = useSandbox(parts);

  it('is one piece, in whichever pieces Python prints it', async () => {
    const source = 'import sys, time\nfor _ in sys.stdin:\n  time.sleep(0.005)\n  print("hi", "there", 1)';
    const running = await start(held.sandbox, ['python3', '-u', '-c', source], { stdin: 'open' });
    const { output } = running;
    // Somebody else can have the processor between two of its writes: most lines are whole, and not each one.
    let whole = 0;
    for (let line = 1; line <= 20; line++) {
      const before = output.chunks.length;
      await running.write(Buffer.from('\n'));
      await output.seen('hi there 1\n'.repeat(line));
      if (output.chunks.length === before + 1) whole++;
    }
    running.end();
    await running.exited;
    expect(whole).to.be.greaterThan(5);
  });

  it('that is not ended comes while the program waits, and before its end', async () => {
    const running = await start(held.sandbox, 'printf "name: "; read name; printf "hello $name"', { stdin: 'open' });
    await running.output.seen('name: ');
    await running.write(Buffer.from('you\n'));
    expect(await running.exited).to.deep.include({ kind: 'exited', code: 0 });
    expect(running.output.of('stdout').toString()).to.equal('name: hello you');
  });
});
