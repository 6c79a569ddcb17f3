/** A client that sends faster than it is served, or that does not read, cannot fill the memory. */
import { expect } from 'chai';
import { PassThrough, Writable } from 'node:stream';
import type { Message } from 'vscode-jsonrpc';
import { MAX_UNREAD_BYTES } from '../../server/src/wire/outbound.ts';
import { Outlet, withHeader } from '../../server/src/wire/outlet.ts';
import { MAX_UNSENT_BYTES, MAX_WAITING, MAX_WAITING_BYTES, Valve } from '../../server/src/wire/valve.ts';
import { SessionStateChanged } from '../../server/src/protocol/index.ts';
import { codesOf, TestServer, withServer } from './server.ts';
import { frame, notification, request, Wire } from './wire.ts';

const MIB = 1024 * 1024;
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe('a client that never reads (F-D8)', () => {
  it('is served no further once too much waits to be read, and again when it reads', async () => {
    const wire = new Wire({ deaf: true });
    const handlers = { 'session/list': () => ({ filler: 'x'.repeat(MIB) }) };
    await withServer({ wire, handlers }, async (server) => {
      const { guard } = server.connection;
      wire.send(request('init', 'initialize', {}));
      const total = 100;
      let most = 0;
      for (let id = 0; id < total; id += 1) {
        wire.send(request(id, 'session/list'));
        await server.flushTurns();
        most = Math.max(most, server.transport.unsentBytes);
      }
      expect(most).to.be.within(MAX_UNSENT_BYTES, MAX_UNSENT_BYTES + 2 * MIB);
      expect(guard.inFlight.size).to.be.greaterThan(total / 2);
      const waiting = guard.inFlight.size;
      wire.send(notification('$/cancelRequest', { id: total - 1 }), notification('command/input', { commandId: 'c', data: 'x'.repeat(MAX_WAITING_BYTES) }));
      await server.flushTurns();
      expect([guard.inFlight.size, guard.valve.shut]).to.deep.equal([waiting, true]);
      wire.listen();
      await wire.find(({ id }) => id === total - 1);
      await server.flush();
      expect(codesOf(wire.received.slice(1, -1))).to.deep.equal(Array.from({ length: total }, (_, id) => [id, undefined]));
      expect(guard.valve.shut).to.equal(false);
    });
  });

  it('is answered RateLimited instead of results that would fill the memory', async () => {
    const wire = new Wire({ deaf: true });
    const asked = Math.ceil(MAX_UNREAD_BYTES / (16 * MIB)) + 3;
    let answer: (value: unknown) => void = () => undefined;
    const result = new Promise((resolve) => void (answer = resolve));
    await withServer({ wire, handlers: { 'session/list': () => result } }, async (server) => {
      wire.send(request('init', 'initialize', {}));
      for (let id = 0; id < asked; id += 1) wire.send(request(id, 'session/list'));
      await server.flushTurns();
      expect(server.connection.guard.inFlight.size).to.equal(asked);
      answer({ filler: 'x'.repeat(16 * MIB) });
      await server.flushTurns();
      expect(server.connection.guard.inFlight.size).to.equal(0);
      expect(server.transport.unsentBytes).to.be.within(MAX_UNREAD_BYTES, MAX_UNREAD_BYTES + 17 * MIB);
      wire.listen();
      await wire.find(({ id }) => id === asked - 1);
      const refused = wire.received.filter(({ error }) => error);
      expect(refused.map(({ error }) => [error?.code, error?.data.kind])).to.deep.equal(new Array(3).fill([1030, 'RateLimited']));
    });
  }).timeout(60_000);

  it('can end the connection all the same, although requests are waiting', async () => {
    const wire = new Wire({ deaf: true });
    const server = new TestServer({ wire, handlers: { 'session/list': () => ({ filler: 'x'.repeat(40 * MIB) }) } });
    wire.send(request('init', 'initialize', {}), request(1, 'session/list'));
    await server.flushTurns();
    wire.input.end(Buffer.concat([frame(request(2, 'session/list')), frame(request(3, 'shutdown'))]));
    await server.flushTurns();
    await server.clock.advance(2000);
    expect(await server.connection.done).to.equal(0);
    expect(server.closes).to.equal(1);
  });

  it('does not keep the connection from ending', async () => {
    const server = new TestServer({ wire: new Wire({ deaf: true }), handlers: { 'session/list': () => ({ filler: 'x'.repeat(MIB) }) } });
    server.wire.send(request('init', 'initialize', {}), request(1, 'session/list'));
    await server.flushTurns();
    const ended = server.connection.close();
    await server.clock.advance(2000);
    expect(await ended).to.equal(1);
    expect(server.errors()).to.deep.equal(['closing the connection failed']);
  });

  it('holds back senders that wait for their notifications, until it reads', async () => {
    const wire = new Wire({ deaf: true });
    await withServer({ wire }, async (server) => {
      wire.send(request('init', 'initialize', {}));
      await server.flushTurns();
      const change = { sessionId: 'x'.repeat(MIB), state: 'ready' } as const;
      let taken = 0;
      const writing = (async () => {
        for (; taken < 5; taken += 1) await server.client?.notify(SessionStateChanged, change);
      })();
      await server.flushTurns();
      expect(taken).to.equal(0);
      wire.listen();
      await writing;
      await server.flush();
      expect(wire.received.filter(({ method }) => method)).to.have.length(5);
    });
  });
});

describe('a client that sends without end', () => {
  it('and never reads is not read any further once too many errors wait to be read', async () => {
    const wire = new Wire({ deaf: true });
    await withServer({ wire }, async (server) => {
      const garbage = frame({ jsonrpc: '1.0', id: 'x'.repeat(100_000) });
      const { guard } = server.connection;
      for (let turns = 0; turns < 400 && !guard.valve.shut; turns += 1) {
        wire.raw(garbage);
        await turn();
      }
      expect(guard.valve.shut).to.equal(true);
      expect(server.transport.unsentBytes).to.be.within(MAX_UNSENT_BYTES, MAX_UNSENT_BYTES + MIB);
      wire.output.resume();
      while (guard.valve.shut) await turn();
    });
  });

  it('is read no faster than its messages are handled, and loses none', () =>
    withServer({}, async (server) => {
      await server.initialize();
      const total = MAX_WAITING * 10;
      let sent = 0;
      let most = 0;
      while (sent < total) {
        const batch = Array.from({ length: 500 }, () => frame(request(sent++, 'server/health', {})));
        server.wire.raw(Buffer.concat(batch));
        most = Math.max(most, server.connection.guard.inFlight.size);
        while (server.connection.guard.valve.shut) await turn();
      }
      await server.wire.find(({ id }) => id === total - 1);
      expect(server.wire.received.map(({ id }) => id).slice(1)).to.deep.equal(Array.from({ length: total }, (_, at) => at));
      expect(most).to.be.within(MAX_WAITING, MAX_WAITING + 1000);
    }));
});

describe('the valve', () => {
  it('pauses when too many errors are unread, and resumes when half of them have been read', () => {
    const input = new PassThrough();
    let unsent = MAX_UNSENT_BYTES;
    const valve = new Valve({ pause: () => void input.pause(), resume: () => void input.resume(), get unsentBytes() { return unsent; } });
    const seen: boolean[] = [];
    const look = (bytes: number, then: () => void) => {
      unsent = bytes;
      then();
      expect(input.isPaused()).to.equal(valve.shut);
      seen.push(valve.shut);
    };
    for (const bytes of [MAX_UNSENT_BYTES, MAX_UNSENT_BYTES + 1]) look(bytes, () => valve.refused());
    for (const bytes of [MAX_UNSENT_BYTES / 2 + 1, MAX_UNSENT_BYTES / 2, MAX_UNSENT_BYTES + 1]) look(bytes, () => valve.regulate());
    expect(seen).to.deep.equal([false, true, true, false, false]);
  });

  const message = (id: number) => ({ jsonrpc: '2.0', id });

  function filled(count: number) {
    const input = new PassThrough();
    const state = { unsent: 0 };
    const valve = new Valve({ pause: () => void input.pause(), resume: () => void input.resume(), get unsentBytes() { return state.unsent; } });
    const handed: Message[] = [];
    valve.listen((one) => void handed.push(one));
    for (let id = 0; id < count; id += 1) valve.put(message(id), 1);
    return { input, state, valve, handed, next: () => valve.dispatched(handed[handed.length - 1] as Message) };
  }

  it('hands on one message at a time, and pauses while too many messages wait', () => {
    const { input, handed, next } = filled(MAX_WAITING + 1);
    expect([handed.length, input.isPaused()]).to.deep.equal([1, false]);
    const full = filled(MAX_WAITING + 2);
    expect([full.handed.length, full.input.isPaused()]).to.deep.equal([1, true]);
    while (full.handed.length <= MAX_WAITING / 2 + 1) {
      expect(full.input.isPaused()).to.equal(true);
      full.next();
    }
    expect(full.input.isPaused()).to.equal(false);
    while (handed.length <= MAX_WAITING) next();
    expect(handed).to.deep.equal(Array.from({ length: MAX_WAITING + 1 }, (_, id) => message(id)));
  });

  it('pauses while the waiting messages have too many bytes', () => {
    const { input, valve, next } = filled(1);
    valve.put(message(1), MAX_WAITING_BYTES);
    expect(input.isPaused()).to.equal(false);
    valve.put(message(2), 1);
    expect(input.isPaused()).to.equal(true);
    next();
    expect(input.isPaused()).to.equal(false);
  });

  it('hands on nothing while too many bytes are unread, until it is released', () => {
    const { input, state, valve, handed, next } = filled(3);
    state.unsent = MAX_UNSENT_BYTES + 1;
    next();
    expect([handed.length, input.isPaused()]).to.deep.equal([1, false]);
    state.unsent = MAX_UNSENT_BYTES;
    valve.regulate();
    expect([handed.length, input.isPaused()]).to.deep.equal([2, false]);
    state.unsent = MAX_UNSENT_BYTES + 1;
    valve.release(message(9));
    for (let turns = 0; turns < 5; turns += 1) next();
    state.unsent = 0;
    valve.regulate();
    expect([handed, input.isPaused()]).to.deep.equal([[0, 1, 2, 9].map(message), true]);
  });
});

describe('the outlet', () => {
  const silent = { sent: () => undefined, gone: () => undefined };

  it('writes each message in one piece, with the length in bytes', async () => {
    const chunks: Buffer[] = [];
    const output = new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), done()) });
    await new Outlet(output, silent, withHeader).send({ text: 'é😀' });
    expect(chunks.map(String)).to.deep.equal(['Content-Length: 17\r\n\r\n{"text":"é😀"}']);
  });

  it('resolves at once while there is room, and after drain when there is none', async () => {
    const pending: (() => void)[] = [];
    const output = new Writable({ highWaterMark: 100, write: (_chunk, _encoding, done) => void pending.push(done) });
    const outlet = new Outlet(output, silent, withHeader);
    await outlet.send({ first: true });
    let resolved = 0;
    const second = outlet.send({ filler: 'x'.repeat(100) }).then(() => (resolved += 1));
    let flushed = false;
    const flushing = outlet.flushed().then(() => (flushed = true));
    await turn();
    expect([resolved, flushed, outlet.unsentBytes > 100]).to.deep.equal([0, false, true]);
    pending.shift()?.();
    await turn();
    expect([resolved, flushed]).to.deep.equal([0, false]);
    pending.shift()?.();
    await Promise.all([second, flushing]);
    expect([resolved, flushed, outlet.unsentBytes]).to.deep.equal([1, true, 0]);
  });

  for (const name of ['while it waits', 'before it writes', 'at the write'] as const) {
    it(`drops messages that it cannot send when the reader goes ${name}`, async () => {
      const fault = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
      const gone: unknown[] = [];
      const output = new Writable({
        highWaterMark: 1,
        write: (_chunk, _encoding, done) => (name === 'at the write' ? done(fault) : undefined),
      });
      const outlet = new Outlet(output, { sent: () => undefined, gone: (why) => void gone.push(why) }, withHeader);
      if (name === 'before it writes') output.destroy(fault);
      const sending = outlet.send({ a: 1 });
      if (name === 'while it waits') output.destroy(fault);
      await sending;
      await outlet.send({ b: 2 });
      await outlet.flushed();
      await turn();
      expect(gone).to.deep.equal([fault]);
      expect(outlet.unsentBytes).to.equal(0);
    });
  }
});
