/** The lifecycle of a connection, from initialize to exit. */
import { expect } from 'chai';
import { MAX_CLOSE_MS } from '../../server/src/wire/server.ts';
import { deferred } from '../../server/src/base/promises.ts';
import { ProtocolError } from '../../server/src/protocol/index.ts';
import { codesOf, expectEmpty, TestServer, untilAborted, withServer } from './server.ts';
import { frame, notification, request } from './wire.ts';

const health = (id: unknown) => request(id, 'server/health', {});
const initialize = (params: object = {}) => request('init', 'initialize', { capabilities: {}, ...params });

describe('lifecycle', () => {
  it('refuses requests before initialize and drops notifications', () =>
    withServer({ handlers: { 'command/ack': () => expect.fail('called') } }, async ({ wire }) => {
      wire.send(notification('command/ack', { commandId: 'x', seq: 0 }), notification('initialized'));
      wire.send(health(1), request(2, 'no/such'), request(3, 'shutdown'));
      await wire.find(({ id }) => id === 3);
      expect(codesOf(wire.received)).to.deep.equal([[1, -32002], [2, -32002], [3, -32002]]);
      expect(wire.received[0]?.error?.data.kind).to.equal('ServerNotInitialized');
    }));

  it('answers initialize with the capabilities of the service', () =>
    withServer({}, async (server) => {
      const { result } = await server.initialize({ clientInfo: { name: 'test' }, capabilities: { output: { flowControl: true } } });
      expect(result.protocolVersion).to.equal('1.0');
      expect(result.serverInfo).to.deep.equal({ name: 'codebeaker', version: '9.9.9' });
      expect(result.capabilities.methods).to.deep.equal(['server/health']);
      expect(server.params?.clientInfo).to.deep.equal({ name: 'test' });
      expect(server.client?.capabilities).to.deep.equal({ output: { flowControl: true } });
    }));

  const versions: Record<string, [unknown, number | undefined]> = {
    'no versions named': [undefined, undefined],
    'the version of the daemon': [['1.0'], undefined],
    'the version of the daemon and others': [['3.0', '1.0'], undefined],
    'only other versions': [['2.0', '0.9'], -32600],
    'an empty list': [[], -32600],
    'a string instead of a list': ['1.0', -32602],
  };
  for (const [name, [protocolVersions, code]] of Object.entries(versions)) {
    it(`negotiates the protocol version, ${name}: ${code ?? 'accepted'}`, () =>
      withServer({}, async (server) => {
        const { error } = await server.initialize({ protocolVersions });
        expect(error?.code).to.equal(code);
        if (code === -32600) expect(error?.data).to.deep.equal({ kind: 'InvalidRequest', supported: ['1.0'] });
      }));
  }

  it('accepts another initialize after one that failed, and none after one that succeeded', () =>
    withServer({}, async (server) => {
      expect((await server.initialize({ protocolVersions: ['0'] })).error?.code).to.equal(-32600);
      expect((await server.wire.ask(1, 'server/health')).error?.code).to.equal(-32002);
      expect((await server.initialize()).error).to.equal(undefined);
      const again = await server.initialize();
      expect([again.error?.code, again.error?.data]).to.deep.equal([-32600, { kind: 'InvalidRequest' }]);
      expect((await server.wire.ask(2, 'server/health')).error).to.equal(undefined);
    }));

  it('answers initialize with the reason if the service refuses the client', () =>
    withServer({ open: () => Promise.reject(new ProtocolError('PolicyDenied', 'no', { rule: 'x' })) }, async (server) => {
      expect((await server.initialize()).error).to.deep.equal({ code: 1032, message: 'no', data: { kind: 'PolicyDenied', rule: 'x' } });
    }));

  it('serves, in their order, requests that the client sends without waiting for the result of initialize', () => {
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    const handlers = { 'session/list': note('list'), 'command/ack': note('ack'), 'runtime/list': note('runtimes') };
    return withServer({ handlers }, async (server) => {
      const { wire } = server;
      wire.send(initialize(), notification('initialized'), request(1, 'session/list'));
      wire.send(notification('command/ack', { commandId: 'x', seq: 0 }), request(2, 'runtime/list'), initialize());
      await wire.find(({ id }) => id === 2);
      expect(order).to.deep.equal(['list', 'ack', 'runtimes']);
      expect(codesOf(wire.received)).to.deep.equal([[null, -32600], ['init', undefined], [1, undefined], [2, undefined]]);
    });
  });

  const pids: [unknown, number[]][] = [[null, []], [undefined, []], [0, []], [-4, []], [4321, [4321]]];
  for (const [processId, expected] of pids) {
    it(`watches the process with the processId ${String(processId)}: ${expected.join() || 'none'}`, () =>
      withServer({}, async (server) => {
        expect((await server.initialize({ processId })).error).to.equal(undefined);
        expect(server.pids).to.deep.equal(expected);
      }));
  }

  it('closes the service at shutdown, answers null, and then accepts only exit', async () => {
    const closed = deferred();
    const server = new TestServer({ close: () => closed.promise });
    await server.initialize();
    server.wire.send(request(1, 'shutdown'), health(2), request(3, 'shutdown'), initialize());
    await server.wire.find(({ id }) => id === 'init' && server.wire.received.length > 3);
    expect(codesOf(server.wire.received)).to.deep.equal([['init', undefined], [2, -32600], [3, -32600], ['init', -32600]]);
    closed.resolve();
    expect((await server.wire.find(({ id }) => id === 1)).result).to.equal(null);
    server.wire.send(notification('exit'));
    expect(await server.connection.done).to.equal(0);
    expect(server.closes).to.equal(1);
    expectEmpty(server);
    expect(server.errors()).to.deep.equal([]);
  });

  it('logs an error if the service cannot be closed, and exits with 0 all the same', async () => {
    const server = new TestServer({ close: () => Promise.reject(new Error('stuck')) });
    await server.initialize();
    expect((await server.wire.ask(1, 'shutdown')).error?.code).to.equal(-32603);
    server.wire.send(notification('exit'));
    expect(await server.connection.done).to.equal(0);
    expect(server.errors()).to.deep.equal(['shutdown failed', 'closing the connection failed']);
  });

  const ways: Record<string, [before: object[], end: (server: TestServer) => void, code: number]> = {
    'exit before initialize': [[], ({ wire }) => wire.send(notification('exit')), 1],
    'exit without shutdown': [[initialize()], ({ wire }) => wire.send(notification('exit')), 1],
    'exit after shutdown': [[initialize(), request(1, 'shutdown')], ({ wire }) => wire.send(notification('exit')), 0],
    'exit after a shutdown that was too early': [[request(1, 'shutdown')], ({ wire }) => wire.send(notification('exit')), 1],
    'end of input': [[initialize()], ({ wire }) => wire.input.end(), 1],
    'end of input before anything': [[], ({ wire }) => wire.input.end(), 1],
    'end of input after shutdown': [[initialize(), request(1, 'shutdown')], ({ wire }) => wire.input.end(), 0],
    'end of input inside a message': [[initialize()], ({ wire }) => wire.input.end('Content-Length: 9\r\n\r\n{'), 1],
    'an input that breaks': [[initialize()], ({ wire }) => wire.input.destroy(new Error('reset')), 1],
    'an output that breaks': [[initialize()], ({ wire }) => wire.output.destroy(new Error('EPIPE')), 1],
    'an output that breaks after shutdown': [[initialize(), request(1, 'shutdown')], ({ wire }) => wire.output.destroy(), 0],
    'close': [[initialize()], ({ connection }) => void connection.close(), 1],
    'close after shutdown': [[initialize(), request(1, 'shutdown')], ({ connection }) => void connection.close(), 0],
  };
  for (const [name, [before, end, code]] of Object.entries(ways)) {
    it(`ends with ${code}: ${name}`, async () => {
      const server = new TestServer();
      server.wire.send(...before);
      await server.flushTurns();
      end(server);
      expect(await server.connection.done).to.equal(code);
      expect(server.closes).to.equal(before.some((one) => 'method' in one && one.method === 'initialize') ? 1 : 0);
      expectEmpty(server);
      expect(server.errors()).to.deep.equal([]);
    });
  }

  it('serves a whole conversation that arrives in one chunk, together with the end of the input', async () => {
    const server = new TestServer();
    const whole = [initialize(), notification('initialized'), health(1), request(2, 'shutdown'), notification('exit')];
    server.wire.input.end(Buffer.concat(whole.map((one) => frame(one))));
    expect(await server.connection.done).to.equal(0);
    expect(codesOf(server.wire.received)).to.deep.equal([['init', undefined], [1, undefined], [2, undefined]]);
  });

  it('closes a service that opens only after the connection has ended', async () => {
    const opened = deferred();
    let closes = 0;
    const server = new TestServer({
      open: async () => {
        await opened.promise;
        return { capabilities: {}, start: async () => ({}), close: async () => void (closes += 1) } as never;
      },
    });
    server.wire.send(initialize(), notification('exit'));
    await server.flushTurns();
    await server.clock.advance(2000);
    expect(await server.connection.done).to.equal(1);
    expect(server.errors()).to.deep.equal(['closing the connection failed']);
    opened.resolve();
    await server.flushTurns();
    expect(closes).to.equal(1);
  });

  it('waits for the service to close, but not longer than the maximum (F-C6)', async () => {
    const server = new TestServer({ close: () => new Promise(() => undefined) });
    await server.initialize();
    let ended = false;
    void server.connection.close().then(() => (ended = true));
    await server.clock.advance(MAX_CLOSE_MS - 1);
    expect(ended).to.equal(false);
    await server.clock.advance(1);
    expect(ended).to.equal(true);
    expect(server.errors()).to.deep.equal(['closing the connection failed']);
  });

  it('reads nothing more once it is closing', async () => {
    const closed = deferred();
    const server = new TestServer({ close: () => closed.promise });
    await server.initialize();
    void server.connection.close();
    server.wire.send(health(1));
    await server.flushTurns();
    expect(server.wire.input.readableLength).to.be.greaterThan(0);
    closed.resolve();
    expect(await server.connection.done).to.equal(1);
    expect(codesOf(server.wire.received)).to.deep.equal([['init', undefined]]);
  });

  it('aborts running requests when it ends, and sends their answers', async () => {
    const handlers = {
      'command/executeShell': async (_: unknown, { signal }: { signal: AbortSignal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { outcome: 'cancelled' };
      },
      'session/list': untilAborted,
    };
    const server = new TestServer({ handlers });
    await server.initialize();
    server.wire.send(request(1, 'command/executeShell', { sessionId: 's', command: 'x' }), request(2, 'session/list'), notification('exit'));
    expect(await server.connection.done).to.equal(1);
    expect(server.wire.received.slice(1).map(({ id, result, error }) => [id, result?.outcome ?? error?.code])).to.have.deep.members([[1, 'cancelled'], [2, -32800]]);
    expectEmpty(server);
  });

  it('sends nothing after it has ended, and reports no error for that', async () => {
    const server = new TestServer();
    await server.initialize();
    await server.connection.close();
    await server.client?.logMessage(3, 'late');
    expect(server.wire.received).to.have.length(1);
    expect(server.errors()).to.deep.equal([]);
  });
});
