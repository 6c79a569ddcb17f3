/** From the method table to the handler and back: validation, faults, cancellation, trace. */
import { expect } from 'chai';
import { parseParams } from '../../server/src/connection/validate.ts';
import { ExecuteShell, ProtocolError, SessionStateChanged } from '../../server/src/protocol/index.ts';
import { codesOf, type TestHandlers, untilAborted, withServer } from './server.ts';
import { notification, request } from './wire.ts';

describe('dispatch', () => {
  const refused: Record<string, object> = {
    'a method nobody knows': request(1, 'no/such', {}),
    'a method that was not advertised': request(1, 'session/close', { sessionId: 's' }),
    'a notification sent as a request': request(1, 'command/ack', { commandId: 'c', seq: 0 }),
    'a lifecycle notification sent as a request': request(1, 'exit', {}),
    'a method of ours': request(1, 'command/output', {}),
    'a name from the prototype': request(1, 'constructor', {}),
    'an empty name': request(1, '', {}),
  };
  for (const [name, message] of Object.entries(refused)) {
    it(`answers MethodNotFound: ${name}`, () =>
      withServer({ handlers: { 'session/close': expect.fail }, served: ['server/health'] }, async (server) => {
        await server.initialize();
        server.wire.send(message);
        const [answer] = await server.flush();
        expect([answer?.error?.code, answer?.error?.data.kind]).to.deep.equal([-32601, 'MethodNotFound']);
      }));
  }

  it('drops notifications it can do nothing with', () =>
    withServer({ handlers: { 'command/ack': expect.fail, 'session/list': expect.fail } }, async (server) => {
      await server.initialize();
      server.wire.send(notification('no/such'), notification('session/list'), notification('initialize', {}));
      server.wire.send(notification('command/ack', { commandId: 1 }), notification('command/ack', [1]));
      expect(await server.flush()).to.deep.equal([]);
    }));

  it('hands over what the schema makes of the params, and nothing else', () => {
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

describe('validation', () => {
  const shell = (members: object) => ({ sessionId: 's', command: 'true', ...members });
  const cases: Record<string, [method: string, params: unknown, issues: [path: string, message: RegExp][]]> = {
    'a missing member': ['session/close', {}, [['sessionId', /expected string, received undefined/]]],
    'absent params': ['session/close', undefined, [['sessionId', /expected string/]]],
    'a wrong type': ['session/close', { sessionId: 1 }, [['sessionId', /expected string, received number/]]],
    'positional params': ['session/close', ['s'], [['', /expected object, received array/]]],
    'something nested': ['session/create', { limits: { pids: 0 } }, [['limits.pids', /expected number to be >0/]]],
    'a list': ['session/create', { network: { mode: 'allowlist', hosts: ['a', 2] } }, [['network.hosts.1', /expected string/]]],
    'one of several': ['session/create', { preference: 'fast' }, [['preference', /"speed"\|"security"/]]],
    'several at once': ['session/create', { label: 5, strict: 'yes' }, [['label', /string/], ['strict', /boolean/]]],
    'a message of the schema': ['command/executeShell', shell({ env: { '1A': 'x' } }), [['env.1A', /Invalid key/]]],
    'a pattern': ['command/signal', { commandId: 'c', signal: 'INT' }, [['signal', /a POSIX name/]]],
    'none of the types': ['command/executeShell', { sessionId: 's', command: 5 }, [['command', /expected string or array/]]],
    'an empty list in a union': ['command/executeShell', { sessionId: 's', command: [] }, [['command', /array/]]],
    'NUL': ['command/executeShell', { sessionId: 's', command: ['a\0'] }, [['command.0', /NUL/]]],
  };
  const handlers: TestHandlers = Object.fromEntries(
    ['session/close', 'session/create', 'command/executeShell', 'command/signal'].map((name) => [name, expect.fail]),
  );
  for (const [name, [method, params, issues]] of Object.entries(cases)) {
    it(`names the place: ${name}`, () =>
      withServer({ handlers }, async (server) => {
        await server.initialize();
        const { error } = await server.wire.ask(1, method, params);
        expect([error?.code, error?.data.kind]).to.deep.equal([-32602, 'InvalidParams']);
        expect(error?.data.issues.map(({ path }: { path: string }) => path)).to.deep.equal(issues.map(([path]) => path));
        issues.forEach(([path, message], at) => {
          expect(error?.data.issues[at].message).to.match(message);
          expect(error?.message).to.contain(path);
        });
      }));
  }

  const lua: [params: unknown, expected: unknown][] = [
    [shell({ env: [] }), shell({ env: {} })],
    [{ ...shell({ env: [] }), pty: { cols: 1, rows: 1 } }, { ...shell({ env: {} }), pty: { cols: 1, rows: 1 } }],
    [shell({ command: ['ls'] }), shell({ command: ['ls'] })],
  ];
  for (const [params, expected] of lua) {
    it(`takes ${JSON.stringify(params)} as ${JSON.stringify(expected)}`, () => {
      expect(parseParams(ExecuteShell.params, params)).to.deep.equal(expected);
    });
  }

  it('takes [] for {} all the way down, and nowhere else', () => {
    const seen: unknown[] = [];
    return withServer({ handlers: { 'session/create': (params) => void seen.push(params) } }, async (server) => {
      expect((await server.initialize({ capabilities: [], initializationOptions: [] })).error).to.equal(undefined);
      expect(server.params).to.deep.include({ capabilities: {}, initializationOptions: {} });
      const { error } = await server.wire.ask(1, 'session/create', { env: [], limits: [], secrets: [], network: { mode: 'none', hosts: [] } });
      expect(error).to.equal(undefined);
      expect(seen).to.deep.equal([{ env: {}, limits: {}, secrets: {}, network: { mode: 'none', hosts: [] } }]);
      expect((await server.wire.ask(2, 'session/create', { env: [1], workspace: [] })).error?.data.issues.map(({ path }: { path: string }) => path)).to.deep.equal(['workspace.uri', 'workspace.access', 'env']);
    });
  });

  it('says where in the params a part of them lies', () => {
    try {
      parseParams(ExecuteShell.params, { sessionId: 's' }, ['command']);
      expect.fail('accepted');
    } catch (fault) {
      expect((fault as ProtocolError).data['issues']).to.deep.equal([{ path: 'command.command', message: 'Invalid input: expected string or array' }]);
    }
  });
});

describe('faults', () => {
  it('sends a ProtocolError as it is', () => {
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
    it(`hides ${name} from the wire and logs it`, () =>
      withServer({ handlers: { 'session/list': () => Promise.reject(fault) }, errors: ['session/list failed'] }, async (server) => {
        await server.initialize();
        const { error } = await server.wire.ask(1, 'session/list');
        expect(error).to.deep.equal({ code: -32603, message: 'Internal error: the log of the daemon tells more.', data: { kind: 'InternalError' } });
        expect(server.lines.find(({ level }) => level === 'error')?.fault).to.equal(fault);
      }));
  }

  it('logs a notification handler that fails, unless the client is to blame', () => {
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
    it(`answers when a result can't be written: ${name}`, () =>
      withServer({ handlers: { 'session/list': () => result }, errors: ['a response could not be written'] }, async (server) => {
        await server.initialize();
        expect((await server.wire.ask(1, 'session/list')).error?.code).to.equal(-32603);
      }));
  }

  it('never fails for a notification of ours that can not be written', () =>
    withServer({ errors: ['session/stateChanged could not be written'] }, async (server) => {
      await server.initialize();
      await server.client?.notify(SessionStateChanged, cyclic as never);
      expect(await server.flush()).to.deep.equal([]);
    }));
});

describe('cancellation', () => {
  const cancel = (id: unknown) => notification('$/cancelRequest', { id });

  it('aborts the handler, and answers RequestCancelled when it fails for that', () =>
    withServer({ handlers: { 'session/list': untilAborted } }, async (server) => {
      await server.initialize();
      server.wire.send(request(1, 'session/list'), request('1', 'session/list'));
      await server.flush();
      server.wire.send(cancel('1'));
      const received = await server.flush();
      expect(codesOf(received)).to.deep.equal([['1', -32800]]);
      expect(received[0]?.error?.data).to.deep.equal({ kind: 'RequestCancelled' });
      server.wire.send(cancel(1), cancel(1), cancel('1'));
      expect(codesOf(await server.flush())).to.deep.equal([['1', -32800], [1, -32800]]);
    }));

  it('answers RequestCancelled whatever the handler throws then', () => {
    const handlers = {
      'session/list': (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((__, reject) => signal.addEventListener('abort', () => reject(new Error('torn down')))),
    };
    return withServer({ handlers }, async (server) => {
      await server.initialize();
      server.wire.send(request(1, 'session/list'), cancel(1));
      expect((await server.wire.find(({ id }) => id === 1)).error?.code).to.equal(-32800);
    });
  });

  it('sends the result of a handler that has one all the same', () => {
    const handlers = {
      'command/executeShell': (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve({ outcome: 'cancelled' }))),
    };
    return withServer({ handlers }, async (server) => {
      await server.initialize();
      server.wire.send(request(1, 'command/executeShell', { sessionId: 's', command: 'x' }));
      await server.flush();
      server.wire.send(cancel(1));
      expect((await server.wire.find(({ id }) => id === 1)).result).to.deep.equal({ outcome: 'cancelled' });
    });
  });

  for (const [name, lead] of Object.entries({ 'in the same chunk': 0, 'behind a queue': 300 })) {
    it(`takes a request that is cancelled ${name} to its handler, aborted`, () => {
      const handlers = {
        'command/executeShell': (_: unknown, { signal }: { signal: AbortSignal }) => ({ outcome: signal.aborted ? 'cancelled' : 'exited' }),
      };
      return withServer({ handlers }, async (server) => {
        await server.initialize();
        const queue = Array.from({ length: lead }, (_, at) => request(`before ${at}`, 'server/health', {}));
        server.wire.send(...queue, request(1, 'command/executeShell', { sessionId: 's', command: 'x' }), cancel(1), cancel(1));
        expect((await server.wire.find(({ id }) => id === 1)).result).to.deep.equal({ outcome: 'cancelled' });
        server.wire.send(cancel(1));
        expect((await server.wire.ask(1, 'command/executeShell', { sessionId: 's', command: 'x' })).result).to.deep.equal({ outcome: 'exited' });
      });
    });
  }

  it('takes a request that is cancelled while initialize is under way to its handler, aborted', () =>
    withServer({ handlers: { 'session/list': (_, { signal }) => ({ aborted: signal.aborted }) } }, async ({ wire }) => {
      wire.send(request('init', 'initialize', {}), request(1, 'session/list'), cancel(1));
      expect((await wire.find(({ id }) => id === 1)).result).to.deep.equal({ aborted: true });
    }));
});

describe('trace', () => {
  const shell = { sessionId: 's', command: 'x', env: { A: 'hidden-1' } };
  const handlers = { 'command/executeShell': () => ({}), 'command/input': () => undefined, 'session/execute': () => ({}), 'session/close': () => Promise.reject(new ProtocolError('SessionNotFound', 'no')) };
  async function traced(trace: string, ...messages: object[]): Promise<{ message: string; verbose?: string }[]> {
    const traces: { message: string; verbose?: string }[] = [];
    await withServer({ handlers }, async (server) => {
      await server.initialize({ trace });
      server.wire.send(...messages);
      const received = await server.flush();
      traces.push(...received.filter(({ method }) => method === '$/logTrace').map(({ params }) => params));
    });
    return traces.filter(({ message }) => !message.includes('server/health'));
  }

  it('says nothing when off', async () => {
    expect(await traced('off', request(1, 'command/executeShell', shell))).to.deep.equal([]);
  });

  it('says what it handles', async () => {
    const traces = await traced('messages', request(1, 'command/executeShell', shell), request(2, 'session/close', { sessionId: 's' }), notification('command/input', { commandId: 'c', data: '' }));
    expect(traces).to.have.deep.members([
      { message: "Received request 'command/executeShell'." },
      { message: "Sending response 'command/executeShell' after 0 ms." },
      { message: "Received request 'session/close'." },
      { message: "Sending response 'session/close' after 0 ms. It failed with 1001." },
      { message: "Received notification 'command/input'." },
    ]);
  });

  it('adds params when verbose, without secrets and within bounds', async () => {
    const nested = { sessionId: 's', command: { type: 'executeShell', secrets: { B: 'hidden-2' }, env: ['hidden-3'] } };
    const traces = await traced(
      'verbose',
      request(1, 'command/executeShell', shell),
      request(2, 'session/execute', nested),
      request(3, 'command/executeShell', { ...shell, stdin: 'long'.repeat(10_000) }),
      notification('command/input', { commandId: 'c', data: 'hidden-4' }),
      request(4, 'session/close', { sessionId: 's', deep: JSON.parse('['.repeat(5000) + ']'.repeat(5000)) }),
    );
    expect(traces.map(({ verbose }) => verbose).filter(Boolean)).to.have.length(4);
    expect(traces[0]?.verbose).to.equal('Params: {"sessionId":"s","command":"x","env":"(hidden)"}');
    expect(JSON.stringify(traces)).not.to.contain('hidden-');
    for (const { verbose = '' } of traces) expect(verbose.length).to.be.at.most(10_100);
    expect(traces.some(({ verbose = '' }) => verbose.length > 9000)).to.equal(true);
  });

  it('is turned on and off by $/setTrace', async () => {
    const set = (value: unknown) => notification('$/setTrace', { value });
    const traces = await traced('off', set('messages'), notification('command/input', { commandId: 'c', data: '' }), set('loud'), set('off'), request(1, 'command/executeShell', shell));
    expect(traces.map(({ message }) => message)).to.deep.equal(["Received notification 'command/input'.", "Received notification '$/setTrace'.", "Received notification '$/setTrace'."]);
  });

  it('shows params nested too deeply as such', async () => {
    const depth = 50_000;
    const body = `{"jsonrpc":"2.0","id":9,"method":"session/close","params":{"sessionId":"s","a":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
    const traces = await traced('verbose', JSON.parse('{"jsonrpc":"2.0","method":"initialized"}'));
    expect(traces).to.have.length(1);
    await withServer({ handlers }, async (server) => {
      await server.initialize({ trace: 'verbose' });
      server.wire.raw(`Content-Length: ${body.length}\r\n\r\n${body}`);
      const received = await server.flush();
      expect(received.some(({ params }) => params?.verbose === 'Params: (nested too deeply to show)')).to.equal(true);
    });
  });
});
