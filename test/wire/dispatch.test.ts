/** Calls go from the method table to their handlers, and results and errors come back. */
import { expect } from 'chai';
import { ProtocolError, SessionStateChanged } from '../../server/src/protocol/index.ts';
import { withServer } from './server.ts';
import { notification, request } from './wire.ts';

describe('dispatch', () => {
  const refused: Record<string, object> = {
    'an unknown method': request(1, 'no/such', {}),
    'a method that was not advertised': request(1, 'session/close', { sessionId: 's' }),
    'a notification sent as a request': request(1, 'command/ack', { commandId: 'c', seq: 0 }),
    'a lifecycle notification sent as a request': request(1, 'exit', {}),
    'a method that only the daemon sends': request(1, 'command/output', {}),
    'a name from the prototype': request(1, 'constructor', {}),
    'an empty name': request(1, '', {}),
  };
  for (const [name, message] of Object.entries(refused)) {
    it(`is answered MethodNotFound: ${name}`, () =>
      withServer({ handlers: { 'session/close': expect.fail }, served: ['server/health'] }, async (server) => {
        await server.initialize();
        server.wire.send(message);
        const [answer] = await server.flush();
        expect([answer?.error?.code, answer?.error?.data.kind]).to.deep.equal([-32601, 'MethodNotFound']);
      }));
  }

  it('drops notifications that cannot be handled', () =>
    withServer({ handlers: { 'command/ack': expect.fail, 'session/list': expect.fail } }, async (server) => {
      await server.initialize();
      server.wire.send(notification('no/such'), notification('session/list'), notification('initialize', {}));
      server.wire.send(notification('command/ack', { commandId: 1 }), notification('command/ack', [1]));
      expect(await server.flush()).to.deep.equal([]);
    }));

  it('gives the handler the params as the schema defines them, without other members', () => {
    const seen: unknown[] = [];
    const handlers = { 'session/close': (params: unknown) => void seen.push(params) };
    return withServer({ handlers }, async (server) => {
      await server.initialize();
      server.wire.send(request(1, 'session/close', { sessionId: 's', other: 1 }));
      expect((await server.flush())[0]).to.deep.equal({ jsonrpc: '2.0', id: 1, result: null });
      expect(seen).to.deep.equal([{ sessionId: 's' }]);
    });
  });

  it('starts handlers in the order of arrival, however long they take', () => {
    const started: string[] = [];
    const slow = async ({ commandId }: { commandId: string }) => {
      started.push(commandId);
      if (commandId === '0') await new Promise((resolve) => void setImmediate(resolve));
    };
    return withServer({ handlers: { 'command/signal': slow, 'command/input': slow } }, async (server) => {
      await server.initialize();
      for (let at = 0; at < 200; at += 1) {
        const commandId = String(at);
        server.wire.send(at % 2 ? request(at, 'command/signal', { commandId, signal: 'SIGINT' }) : notification('command/input', { commandId, data: '' }));
      }
      await server.flush();
      expect(started).to.deep.equal(Array.from({ length: 200 }, (_, at) => String(at)));
    });
  });
});

describe('errors of handlers', () => {
  it('are sent unchanged if they are a ProtocolError', () => {
    const handlers = {
      'session/close': () => {
        throw new ProtocolError('SessionClosed', 'It is closed.', { reason: 'idle' });
      },
    };
    return withServer({ handlers }, async (server) => {
      await server.initialize();
      const { error } = await server.wire.ask(1, 'session/close', { sessionId: 's' });
      expect(error).to.deep.equal({ code: 1002, message: 'It is closed.', data: { kind: 'SessionClosed', reason: 'idle' } });
    });
  });

  const thrown: Record<string, unknown> = {
    'an error': new Error('secret at /home/someone'),
    'undefined': undefined,
    'a string': 'secret',
    'an object with a code': { code: 1001, message: 'secret' },
  };
  for (const [name, fault] of Object.entries(thrown)) {
    it(`are logged and not sent to the client: ${name}`, () =>
      withServer({ handlers: { 'session/list': () => Promise.reject(fault) }, errors: ['session/list failed'] }, async (server) => {
        await server.initialize();
        const { error } = await server.wire.ask(1, 'session/list');
        expect(error).to.deep.equal({ code: -32603, message: 'Internal error: see the log of the daemon.', data: { kind: 'InternalError' } });
        expect(server.lines.find(({ level }) => level === 'error')?.fault).to.equal(fault);
      }));
  }

  it('are logged for a notification, unless they are a ProtocolError', () => {
    const faults: unknown[] = [new ProtocolError('CommandNotFound', 'gone'), new Error('ours')];
    const handlers = { 'command/input': () => Promise.reject(faults.shift()) };
    return withServer({ handlers, errors: ['command/input failed'] }, async (server) => {
      await server.initialize();
      const input = notification('command/input', { commandId: 'c', data: '' });
      server.wire.send(input, input);
      expect(await server.flush()).to.deep.equal([]);
    });
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  for (const [name, result] of Object.entries({ 'a cycle': cyclic, 'a bigint': 1n })) {
    it(`are answered even if a result cannot be written as JSON: ${name}`, () =>
      withServer({ handlers: { 'session/list': () => result }, errors: ['a response could not be written'] }, async (server) => {
        await server.initialize();
        expect((await server.wire.ask(1, 'session/list')).error?.code).to.equal(-32603);
      }));
  }

  it('do not include notifications of the daemon that cannot be written: those are logged', () =>
    withServer({ errors: ['session/stateChanged could not be written'] }, async (server) => {
      await server.initialize();
      await server.client?.notify(SessionStateChanged, cyclic as never);
      expect(await server.flush()).to.deep.equal([]);
    }));
});
