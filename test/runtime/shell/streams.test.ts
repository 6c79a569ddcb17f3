/** Named pipes as a channel: what was written before the end is handed on before the channel is closed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { deferred } from '../../../server/src/base/promises.ts';
import { openStreams, type StreamChannel } from '../../../server/src/runtime/shell/streams.ts';

describe('a channel of named pipes', () => {
  let folder: string;
  let channel: StreamChannel;
  const at = (name: string) => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    execFileSync('mkfifo', ['in', 'out', 'err'].map(at));
    channel = openStreams({ stdin: at('in'), stdout: at('out'), stderr: at('err') });
  });
  afterEach(() => {
    channel.destroy();
    rmSync(folder, { recursive: true });
  });

  /** Writes the last output and closes both outputs. @returns a function that lets the sink go on, and whether the channel is closed */
  async function lastOutput() {
    const gate = deferred();
    const reached = deferred();
    let closed = false;
    void channel.closed.then(() => (closed = true));
    channel.listen(() => {
      reached.resolve();
      return gate.promise;
    });
    writeFileSync(at('out'), 'the last output');
    writeFileSync(at('err'), '');
    await reached.promise;
    // Long enough for the end of both streams to arrive.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { goOn: gate.resolve, closed: () => closed };
  }

  it('is closed only when the sink has taken the last output', async () => {
    const { goOn, closed } = await lastOutput();
    expect(closed()).to.equal(false);
    goOn();
    await channel.closed;
  });

  it('is closed at once if it is destroyed, also while the sink waits', async () => {
    await lastOutput();
    channel.destroy();
    await channel.closed;
  });
});
