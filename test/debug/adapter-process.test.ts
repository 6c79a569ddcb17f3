/** The process of an adapter, when something goes wrong between it and its client. */
import { expect } from 'chai';
import { deferred, nextLoopIteration as settled } from '../../server/src/base/promises.ts';
import { AdapterProcess } from '../../server/src/debug/adapter-process.ts';
import type { DapMessage } from '../../server/src/debug/dap.ts';
import type { Exchange } from '../../server/src/debug/exchange.ts';
import type { Exit, Process } from '../../server/src/runtime/ports.ts';
import { FakeClock } from '../fakes/clock.ts';
import { frame } from '../wire/wire.ts';

/** An adapter whose messages are handled so; it is there from `attach` on. */
function waiting(handling: Pick<Exchange, 'fromAdapter' | 'close'>) {
  const exited = deferred<Exit>();
  let kills = 0;
  const child: Process = {
    exited: exited.promise,
    signal: async () => true,
    kill: async () => {
      kills += 1;
      exited.resolve({ kind: 'signaled', signal: 'SIGKILL' });
    },
    write: async () => undefined,
    end: () => undefined,
    resize: async () => undefined,
  };
  const process = new AdapterProcess({ clock: new FakeClock(), exchange: () => handling as Exchange });
  const sink = process.sink(() => undefined, () => true);
  return { process, attach: () => process.attach(child), say: (bytes: Buffer) => sink('stdout', bytes), kills: () => kills };
}

function adapter(handling: Pick<Exchange, 'fromAdapter' | 'close'>) {
  const all = waiting(handling);
  return { ...all, attached: all.attach() };
}

describe('the process of a debug adapter', () => {
  it('is ended whatever goes wrong with one of its messages', async () => {
    const closed: string[] = [];
    const { process, say, attached, kills } = adapter({ fromAdapter: () => Promise.reject(new RangeError('Invalid string length')), close: async (why) => void closed.push(why) });
    await say(frame({ seq: 1, type: 'event', event: 'initialized' }));
    await attached.exited;
    expect(kills()).to.be.greaterThan(0);
    expect(closed).to.have.length(1);
    expect(closed[0]).not.to.contain('Invalid string length');
    expect(process.verdict('exited')).to.deep.equal({ outcome: 'signaled', exitCode: null });
  });

  it('hears what its client sent before it was there', async () => {
    const heard: string[] = [];
    const exited = deferred<Exit>();
    const child: Process = { exited: exited.promise, signal: async () => true, kill: async () => undefined, write: async (bytes) => void heard.push(bytes.toString()), end: () => undefined, resize: async () => undefined };
    let send: (message: DapMessage) => boolean = () => false;
    const process = new AdapterProcess({ clock: new FakeClock(), exchange: ({ toAdapter }) => {
      send = toAdapter;
      const handling: Pick<Exchange, 'fromAdapter' | 'close'> = { fromAdapter: async () => undefined, close: async () => undefined };
      return handling as Exchange;
    } });
    expect(send({ seq: 1, type: 'request', command: 'threads' })).to.equal(true);
    process.attach(child);
    await settled();
    expect(heard.join('')).to.contain('"command":"threads"');
  });

  it('is ended for what it did before anybody had it', async () => {
    const { process, say, attach, kills } = waiting({ fromAdapter: async () => undefined, close: async () => undefined });
    await say(Buffer.from('no frame\r\n\r\n'));
    expect(kills()).to.equal(0);
    await attach().exited;
    expect(kills()).to.be.greaterThan(0);
    expect(process.verdict('exited')).to.deep.equal({ outcome: 'signaled', exitCode: null });
  });

  it('is ended before its client has room for the news', async () => {
    const { say, kills } = adapter({ fromAdapter: async () => undefined, close: () => new Promise(() => undefined) });
    void say(Buffer.from('no frame\r\n\r\n'));
    await settled();
    expect(kills()).to.be.greaterThan(0);
  });
});
