/** Whoever sends a signal to a program that has ended hears that it reached nobody, also while output is still to come (C9). */
import { expect } from 'chai';
import { deferred } from '../../../../server/src/base/promises.ts';
import { eventually, program } from '../../contract/harness.ts';
import { everySandbox, everywhere, useSandbox } from './sandboxes.ts';

/** More than is on its way to whoever takes nothing, and less than the pipe of a program can hold in addition. */
const BYTES = 512 * 1024 + 40_000;

everySandbox('a signal (C9)', everywhere, (parts) => {
  const held = useSandbox(parts);

  it('does not reach a program that has ended, whose output nobody has taken', async () => {
    const gate = deferred();
    let bytes = 0;
    const running = await held.sandbox.start(program(['head', '-c', String(BYTES), '/dev/zero']), async (_, chunk) => {
      await gate.promise;
      bytes += chunk.length;
    });
    await eventually(async () => expect(await running.signal('SIGCONT')).to.equal(false));
    gate.resolve();
    expect(await running.exited).to.deep.include({ kind: 'exited', code: 0 });
    expect(bytes).to.equal(BYTES);
  });
});
