/** An invalid message is answered with an error, and the connection goes on. */
import { expect } from 'chai';
import { FramedTransport } from '../../server/src/wire/framed.ts';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { createGuard } from '../../server/src/wire/guard.ts';
import { MAX_IN_FLIGHT, MAX_IN_FLIGHT_BYTES } from '../../server/src/wire/inbound.ts';
import { isTooHeavy, MAX_VALUES } from '../../server/src/wire/weight.ts';
import { codesOf, type Line, recordingLog, TestServer, untilAborted, withServer } from './server.ts';
import { frame, notification, request, Wire } from './wire.ts';

const PARSE = -32700;
const INVALID = -32600;
const message = (members: object) => JSON.stringify({ jsonrpc: '2.0', ...members });
const health = (members: object) => message({ method: 'server/health', ...members });

const bodies: Record<string, [body: string | Buffer, expected: [unknown, number | undefined][]]> = {
  'an empty body': ['', [[null, PARSE]]],
  'a body that is not JSON': ['{"jsonrpc":', [[null, PARSE]]],
  'two JSON texts': ['{}{}', [[null, PARSE]]],
  'NaN': ['NaN', [[null, PARSE]]],
  'a BOM': [Buffer.from(`\uFEFF${health({ id: 1 })}`), [[null, PARSE]]],
  'a byte that is not UTF-8': [Buffer.from(health({ id: 1, params: { a: 'é' } }), 'latin1'), [[null, PARSE]]],
  'a surrogate in UTF-8': [Buffer.concat([Buffer.from('"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"')]), [[null, PARSE]]],
  'UTF-16': [Buffer.from(health({ id: 1 }), 'utf16le'), [[null, PARSE]]],
  'a number': ['1', [[null, INVALID]]],
  'null': ['null', [[null, INVALID]]],
  'a string': ['"x"', [[null, INVALID]]],
  'a batch': [`[${health({ id: 1 })}]`, [[null, INVALID]]],
  'an empty batch': ['[]', [[null, INVALID]]],
  'an empty object': ['{}', [[null, INVALID]]],
  'no jsonrpc': ['{"id":1,"method":"server/health"}', [[1, INVALID]]],
  'jsonrpc 1.0': [health({ id: 1, jsonrpc: '1.0' }), [[1, INVALID]]],
  'jsonrpc as a number': [health({ id: 'a', jsonrpc: 2 }), [['a', INVALID]]],
  'no method': [message({ id: 1 }), [[1, INVALID]]],
  'no method and no id': [message({}), [[null, INVALID]]],
  'a method that is not a string': [message({ id: 1, method: 1 }), [[1, INVALID]]],
  'a method that is null': [message({ id: 1, method: null, result: 1 }), [[1, INVALID]]],
  'params null, which means no params (C1)': [health({ id: 1, params: null }), [[1, undefined]]],
  'params string': [health({ id: 1, params: 'x' }), [[1, INVALID]]],
  'params number': [health({ id: 1, params: 0 }), [[1, INVALID]]],
  'params false': [health({ id: 1, params: false }), [[1, INVALID]]],
  'id null': [health({ id: null }), [[null, INVALID]]],
  'id true': [health({ id: true }), [[null, INVALID]]],
  'id object': [health({ id: {} }), [[null, INVALID]]],
  'id array': [health({ id: [1] }), [[null, INVALID]]],
  'id fraction': [health({ id: 1.5 }), [[null, INVALID]]],
  'id unsafe': ['{"jsonrpc":"2.0","method":"server/health","id":9007199254740993}', [[null, INVALID]]],
  'id too large for any number': ['{"jsonrpc":"2.0","method":"server/health","id":1e999}', [[null, INVALID]]],
  'a notification with params null (C1)': [message({ method: 'initialized', params: null }), []],
  'a cancellation with params null (C1)': [message({ method: '$/cancelRequest', params: null }), []],
  'a notification with bad params': [message({ method: 'initialized', params: 1 }), [[null, INVALID]]],
  'a response with the wrong jsonrpc': ['{"id":1,"result":1}', [[null, INVALID]]],
  'id 0': [health({ id: 0 }), [[0, undefined]]],
  'id negative': [health({ id: -7 }), [[-7, undefined]]],
  'id empty': [health({ id: '' }), [['', undefined]]],
  'id with a lone surrogate': [health({ id: '\uD800' }), [['\uD800', undefined]]],
  'id __proto__': [health({ id: '__proto__' }), [['__proto__', undefined]]],
  'id at the edge': [health({ id: Number.MAX_SAFE_INTEGER }), [[Number.MAX_SAFE_INTEGER, undefined]]],
  'no params': [health({ id: 1 }), [[1, undefined]]],
  'params []': [health({ id: 1, params: [] }), [[1, undefined]]],
  'unknown members': [health({ id: 1, params: {}, extra: [1], result: 5 }), [[1, undefined]]],
  '__proto__ in params': ['{"jsonrpc":"2.0","id":1,"method":"server/health","params":{"__proto__":{"a":1}}}', [[1, undefined]]],
  '__proto__ as the message': ['{"__proto__":{"jsonrpc":"2.0","id":1,"method":"server/health"}}', [[null, INVALID]]],
  'a response without a request': [message({ id: 1, result: 1 }), []],
  'an error response without id': [message({ id: null, error: { code: 1, message: 'x' } }), []],
  'a response with an invalid id and an invalid error': [message({ id: {}, error: 5 }), []],
  'a cancellation of an unknown request': [message({ method: '$/cancelRequest', params: { id: 77 } }), []],
  'a cancellation without params': [message({ method: '$/cancelRequest' }), []],
  'a cancellation of null': [message({ method: '$/cancelRequest', params: { id: null } }), []],
  'a cancellation with positional params': [message({ method: '$/cancelRequest', params: [1] }), []],
  'a cancellation that is a request': [message({ id: 1, method: '$/cancelRequest', params: { id: 1 } }), [[1, -32601]]],
  'a progress notification, which only the daemon sends': [message({ method: '$/progress', params: [null] }), []],
  'a trace notification, which only the daemon sends': [message({ method: '$/logTrace' }), []],
  'an unknown notification': [message({ method: '$/whatever', params: [1, 2] }), []],
  'nested 100 000 deep': [`{"jsonrpc":"2.0","id":1,"method":"server/health","params":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}}`, [[1, undefined]]],
  'more values than are allowed': [`{"jsonrpc":"2.0","id":1,"method":"server/health","params":[${'{},'.repeat(MAX_VALUES)}{}]}`, [[null, INVALID]]],
};

describe('the guard (F-D7)', () => {
  for (const [name, [body, expected]] of Object.entries(bodies)) {
    it(`${name}: ${expected.map(([id, code]) => `${JSON.stringify(id)} ${code ?? 'served'}`).join() || 'no answer'}`, () =>
      withServer({}, async (server) => {
        await server.initialize();
        server.wire.raw(frame(body));
        const received = await server.flush();
        expect(codesOf(received)).to.deep.equal(expected);
        for (const { error } of received) if (error) expect(error.data.kind).to.match(/^(ParseError|InvalidRequest|MethodNotFound)$/);
      }));
  }

  it('ends with code 0 after shutdown and exit with params null (C1)', async () => {
    const server = new TestServer();
    await server.initialize();
    server.wire.send({ jsonrpc: '2.0', id: 1, method: 'shutdown', params: null }, { jsonrpc: '2.0', method: 'exit', params: null });
    expect(await server.connection.done).to.equal(0);
    expect(codesOf(server.wire.received)).to.deep.equal([['init', undefined], [1, undefined]]);
  });

  it('answers an invalid message before initialize as well', () =>
    withServer({}, async ({ wire }) => {
      wire.raw(frame('{'), frame('[]'));
      await wire.ask('last', 'server/health');
      expect(codesOf(wire.received)).to.deep.equal([[null, PARSE], [null, INVALID], ['last', -32002]]);
    }));

  it('goes on after a message that was skipped', () =>
    withServer({}, async (server) => {
      await server.initialize();
      server.wire.raw(frame('ab', 'Content-Type: x; charset=ascii\r\nContent-Length: 2\r\n\r\n'));
      server.wire.raw(frame('ab', `X: ${'y'.repeat(9000)}\r\nContent-Length: 2\r\n\r\n`));
      expect(codesOf(await server.flush())).to.deep.equal([[null, INVALID], [null, INVALID]]);
    }));

  it('serves what came before the stream was lost, then ends with code 1 and logs the reason', async () => {
    const server = new TestServer();
    await server.initialize();
    server.wire.raw(frame(request(1, 'server/health')), 'Content-Length: ?\r\n\r\n', frame(request(2, 'server/health')));
    expect(await server.connection.done).to.equal(1);
    expect(codesOf(server.wire.received)).to.deep.equal([['init', undefined], [1, undefined]]);
    expect(server.errors()).to.deep.equal(["the start of the next message cannot be found, so the connection ends: Content-Length is not a decimal number of bytes"]);
  });

  it('ends with code 1 if the stream is lost, even after shutdown', async () => {
    const server = new TestServer();
    await server.initialize();
    await server.wire.ask(1, 'shutdown');
    server.wire.raw('X: y\r\n\r\n');
    expect(await server.connection.done).to.equal(1);
    expect(server.errors()).to.have.length(1);
  });

  it('distinguishes the ids 1 and "1", and answers each unchanged', () =>
    withServer({ handlers: { 'session/list': untilAborted } }, async (server) => {
      await server.initialize();
      server.wire.send(request(1, 'session/list'), request('1', 'session/list'), request('01', 'server/health'));
      expect(codesOf(await server.flush())).to.deep.equal([['01', undefined]]);
      expect(server.connection.guard.inFlight.size).to.equal(2);
    }));

  it('refuses an id that is in flight, with id null, and accepts it again after the answer', () => {
    let answer: (value: unknown) => void = () => undefined;
    const handlers = { 'session/list': () => new Promise((resolve) => void (answer = resolve)) };
    return withServer({ handlers }, async (server) => {
      await server.initialize();
      const { wire } = server;
      wire.send(request(1, 'session/list'), request(1, 'server/health'), { jsonrpc: '1.0', id: 1, method: 'x' });
      expect(codesOf(await server.flush())).to.deep.equal([[null, INVALID], [null, INVALID]]);
      answer({ sessions: [] });
      await wire.find(({ id }) => id === 1);
      expect((await wire.ask(1, 'server/health')).result.status).to.equal('ok');
    });
  });

  it('refuses requests beyond the maximum number in flight', () =>
    withServer({ handlers: { 'session/list': untilAborted } }, async (server) => {
      await server.initialize();
      for (let id = 0; id <= MAX_IN_FLIGHT; id += 1) server.wire.send(request(id, 'session/list'));
      const refused = await server.wire.find(({ id }) => id === MAX_IN_FLIGHT);
      expect(refused.error).to.deep.include({ code: 1030, data: { kind: 'RateLimited', retryAfterMs: 1000 } });
      expect(server.connection.guard.inFlight.size).to.equal(MAX_IN_FLIGHT);
    }));

  it('refuses requests beyond the maximum bytes in flight', () =>
    withServer({ handlers: { 'session/list': untilAborted } }, async (server) => {
      await server.initialize();
      const size = 40 * 1024 * 1024;
      const fit = Math.floor(MAX_IN_FLIGHT_BYTES / size);
      for (let id = 0; id <= fit; id += 1) {
        const body = health({ id, method: 'session/list', params: {} });
        server.wire.raw(frame(body + ' '.repeat(size - body.length)));
      }
      const refused = await server.wire.find(({ id }) => id === fit);
      expect(refused.error?.code).to.equal(1030);
      expect(server.connection.guard.inFlight.size).to.equal(fit);
    }));

  it('answers all requests in flight when the connection ends', async () => {
    const server = new TestServer({ handlers: { 'session/list': () => new Promise(() => undefined) } });
    await server.initialize();
    server.wire.send(request(1, 'session/list'), request('x', 'session/list'), notification('exit'));
    await server.flushTurns();
    await server.clock.advance(2000);
    expect(await server.connection.done).to.equal(1);
    expect(codesOf(server.wire.received.slice(1))).to.deep.equal([[1, -32800], ['x', -32800]]);
    expect(server.errors()).to.deep.equal(['closing the connection failed']);
  });
});

describe('requests of the daemon', () => {
  async function asking(): Promise<{ wire: Wire; delivered: object[]; lines: Line[]; ask: () => Promise<void> }> {
    const wire = new Wire();
    const lines: Line[] = [];
    const log = recordingLog(lines);
    const guard = createGuard(new FramedTransport(wire.stream, log, defaultSizes.messageBytes), log, { gone: () => undefined, refused: () => undefined });
    const delivered: object[] = [];
    guard.reader.listen((one) => void delivered.push(one));
    return { wire, delivered, lines, ask: () => guard.writer.write({ jsonrpc: '2.0', id: 5, method: 'x' } as never) };
  }

  const answers: Record<string, [object, object[]]> = {
    'a result': [{ id: 5, result: 1 }, [{ jsonrpc: '2.0', id: 5, result: 1 }]],
    'null': [{ id: 5, result: null }, [{ jsonrpc: '2.0', id: 5, result: null }]],
    'an error': [{ id: 5, error: { code: 7, message: 'no' } }, [{ jsonrpc: '2.0', id: 5, error: { code: 7, message: 'no', data: undefined } }]],
    'a malformed error': [{ id: 5, error: 'no' }, [{ jsonrpc: '2.0', id: 5, error: { code: -32603, message: 'The error of the response is malformed.' } }]],
    'neither a result nor an error': [{ id: 5, error: null }, [{ jsonrpc: '2.0', id: 5, result: null }]],
    'the answer to another request': [{ id: 6, result: 1 }, []],
    'the id as a string': [{ id: '5', result: 1 }, []],
  };
  for (const [name, [answer, expected]] of Object.entries(answers)) {
    it(`are answered by ${name}: ${expected.length === 0 ? 'dropped' : 'accepted'}`, async () => {
      const { wire, delivered, ask } = await asking();
      await ask();
      wire.send({ jsonrpc: '2.0', ...answer }, { jsonrpc: '2.0', ...answer });
      await new Promise((resolve) => void setImmediate(resolve));
      expect(delivered).to.deep.equal(expected);
    });
  }
});

describe('the weight of a body', () => {
  const padded = (text: string) => Buffer.from(text + ' '.repeat(MAX_VALUES));
  const cases: Record<string, [Buffer, boolean]> = {
    'small': [Buffer.from('['.repeat(1000)), false],
    'large, with one string': [padded(`"${',[{'.repeat(MAX_VALUES)}"`), false],
    'large, with escaped quotes': [padded(`"${'\\"'.repeat(MAX_VALUES)}${',[{'.repeat(MAX_VALUES)}"`), false],
    'large, with a backslash before the last quote': [padded(`["\\\\"${',1'.repeat(MAX_VALUES)}]`), true],
    'exactly the maximum': [padded(`[${'1,'.repeat(MAX_VALUES - 2)}1]`), false],
    'one more than the maximum': [padded(`[${'1,'.repeat(MAX_VALUES - 1)}1]`), true],
    'nested': [Buffer.from('['.repeat(MAX_VALUES + 1)), true],
    'a string that never ends': [padded(`"${'\\"'.repeat(MAX_VALUES)}`), false],
  };
  for (const [name, [body, expected]] of Object.entries(cases)) {
    it(`is ${expected ? 'too high' : 'acceptable'}: ${name}`, () => void expect(isTooHeavy(body)).to.equal(expected));
  }
});
