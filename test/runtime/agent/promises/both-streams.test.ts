/** A program may fill both of its streams at once, far beyond what pipes hold, and nothing waits for the other (F-D1). */
import { expect } from 'chai';
import { program } from '../../contract/harness.ts';
import { everySandbox, everywhere, useSandbox } from './sandboxes.ts';

const MIB = 1024 * 1024;

everySandbox('a program that prints on both streams', everywhere, (parts) => {
  const held = useSandbox(parts);

  it('is read to its end, also if its input is larger than all buffers (F-D1, F-D4)', async () => {
    const bytes = { stdout: 0, stderr: 0, pty: 0 };
    const flood = 'head -c 33554432 /dev/zero & head -c 33554432 /dev/zero >&2; cat; wait';
    const running = await held.sandbox.start({ ...program(flood), stdin: Buffer.alloc(4 * MIB, 'x') }, (stream, chunk) => void (bytes[stream] += chunk.length));
    expect(await running.exited).to.deep.include({ kind: 'exited', code: 0 });
    expect(bytes).to.deep.equal({ stdout: 36 * MIB, stderr: 32 * MIB, pty: 0 });
  });
});
