/** The channel of the first shell, which consists of the engine's connection and named pipes. */
import { expect } from 'chai';
import { deferred } from '../../../../server/src/base/promises.ts';
import type { Stream } from '../../../../server/src/runtime/ports.ts';
import { FirstChannel } from '../../../../server/src/runtime/kinds/docker/first.ts';
import type { Channel } from '../../../../server/src/runtime/shell/channel.ts';
import { FakeClock } from '../../../fakes/clock.ts';

class FakeChannel implements Channel {
  readonly #done = deferred();
  readonly closed = this.#done.promise;
  readonly written: string[] = [];
  readonly did: string[] = [];
  say: (stream: Stream, chunk: Buffer) => void | Promise<void> = () => undefined;

  write(bytes: Buffer | string): Promise<void> {
    this.written.push(bytes.toString());
    return Promise.resolve();
  }

  end(): void {
    this.did.push('end');
  }

  listen(sink: FakeChannel['say']): void {
    this.say = sink;
  }

  /** Ends as a channel does when its output has ended. */
  destroy(): void {
    this.did.push('destroy');
    this.#done.resolve();
  }
}

describe('the first channel of a container', () => {
  let lease: FakeChannel;
  let pipes: FakeChannel;
  let clock: FakeClock;
  let first: FirstChannel;
  let closed: boolean;
  beforeEach(() => {
    [lease, pipes, clock, closed] = [new FakeChannel(), new FakeChannel(), new FakeClock(), false];
    first = new FirstChannel(lease, pipes, clock);
    void first.closed.then(() => (closed = true));
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('writes to the engine, and after it was diverted to the pipes', async () => {
    await first.write('one');
    first.divert();
    await first.write('two');
    first.end();
    expect([lease.written, pipes.written, lease.did, pipes.did]).to.deep.equal([['one'], ['two'], [], ['end']]);
  });

  it('reads output from both', () => {
    const heard: string[] = [];
    first.listen((stream, chunk) => void heard.push(`${stream} ${chunk.toString()}`));
    void lease.say('stdout', Buffer.from('a'));
    void pipes.say('stderr', Buffer.from('b'));
    expect(heard).to.deep.equal(['stdout a', 'stderr b']);
  });

  it('ends with the connection of the engine if it was not diverted', async () => {
    lease.destroy();
    await settled();
    expect([closed, pipes.did]).to.deep.equal([true, ['destroy']]);
  });

  it('ends the container whose pipes have ended', async () => {
    first.divert();
    pipes.destroy();
    await settled();
    expect([closed, lease.did]).to.deep.equal([true, ['destroy']]);
  });

  it('reads the last output when the lease has ended, and ends the input', async () => {
    first.divert();
    lease.destroy();
    await settled();
    expect([closed, pipes.did]).to.deep.equal([false, ['end']]);
    pipes.destroy();
    await settled();
    expect(closed).to.equal(true);
    expect(clock.pending).to.equal(0);
  });

  it('does not wait long for that output', async () => {
    first.divert();
    lease.destroy();
    await settled();
    await clock.advance(2_000);
    await settled();
    expect([closed, pipes.did]).to.deep.equal([true, ['end', 'destroy']]);
  });
});
