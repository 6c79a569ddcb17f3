/** Generates malformed streams by damaging streams of valid messages. */
import fc from 'fast-check';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { MAX_HEADER_BYTES } from '../../server/src/wire/frames.ts';

const methods = [
  'initialize', 'initialized', 'server/health', 'session/create', 'session/close', 'session/list', 'command/executeShell',
  'command/ack', 'command/input', '$/cancelRequest', '$/setTrace', '$/progress', '$/logTrace', '$/x', 'rpc.discover', '__proto__', '',
];

const ids = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom<unknown>('0', '1', 'init', null, true, {}, [], 1.5, -0, 2 ** 53, 1e308, '__proto__', '\uD800', 'x'.repeat(5000)),
);

const params = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<unknown>(
    {}, [], null, 0, 'x', [1], [[]], undefined,
    { sessionId: 's', command: 'true', env: [] },
    { sessionId: 's', command: ['a\0'] },
    { sessionId: 's' },
    { sessionId: {}, command: 1 },
    { commandId: 'c', seq: -1 },
    { commandId: 'c', data: 'x'.repeat(70_000) },
    { value: 'verbose' },
    { id: 1 }, { id: '1' }, { id: null }, { id: {} },
    { capabilities: [], processId: -1 },
    { capabilities: {}, protocolVersions: ['9'] },
    { token: 1 },
  ) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

const message = fc.record(
  {
    jsonrpc: fc.constantFrom<unknown>('2.0', '2.0', '2.0', '2.0', '1.0', 2, null),
    id: ids,
    method: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...methods) }, { weight: 1, arbitrary: fc.constantFrom<unknown>(1, null, {}, []) }),
    params,
    result: fc.jsonValue(),
    error: fc.constantFrom<unknown>(null, 5, {}, { code: 1, message: 'x' }),
    extra: fc.jsonValue(),
  },
  { requiredKeys: ['jsonrpc'] },
);

const request = fc.record({ jsonrpc: fc.constant('2.0'), id: ids, method: fc.constantFrom(...methods), params });

const deep = fc.tuple(fc.constantFrom(['[', ']'], ['{"a":', '}']), fc.constantFrom(1000, 100_000)).map(
  ([[open = '', close = ''], depth]) => `{"jsonrpc":"2.0","id":1,"method":"session/list","params":{"a":${open.repeat(depth)}0${close.repeat(depth)}}}`,
);

const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 20, arbitrary: fc.oneof(request, message).map((one) => JSON.stringify(one)) },
  { weight: 3, arbitrary: fc.array(message, { maxLength: 3 }).map((batch) => JSON.stringify(batch)) },
  { weight: 1, arbitrary: deep },
  { weight: 3, arbitrary: fc.constantFrom(
    '', ' ', 'null', '[]', '{}', '"', '{"a"', '[1,]', 'NaN', '-', '\u0000', '{"jsonrpc":"2.0","id":1e999,"method":"x"}',
    '{"__proto__":{"jsonrpc":"2.0"},"id":1,"method":"session/list"}',
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"session/list","params":{"__proto__":{"sessionId":"s"},"constructor":{"prototype":1}}}',
    `{"jsonrpc":"2.0","id":${'9'.repeat(400)},"method":"session/list"}`,
    '{"jsonrpc":"2.0","id":1,"method":"session/list","params":{"a":1e-400,"b":-1e999}}',
  ) },
);

/** Cuts, repeats, or overwrites bytes. */
const damage = fc.oneof(
  { weight: 6, arbitrary: fc.constant((bytes: Buffer) => bytes) },
  { weight: 1, arbitrary: fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(0, at % (bytes.length + 1))) },
  { weight: 1, arbitrary: fc.nat().map((at) => (bytes: Buffer) => bytes.subarray(at % (bytes.length + 1))) },
  { weight: 1, arbitrary: fc.nat().map((at) => (bytes: Buffer) => Buffer.concat([bytes, bytes.subarray(0, at % (bytes.length + 1))])) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[at % copy.length] = byte;
    return copy;
  }) },
  { weight: 1, arbitrary: fc.constantFrom('\uFEFF', '\r\n', '\n\n', 'stray\n', 'Content-Length: 3\r\n\r\n').map((lead) => (bytes: Buffer) => Buffer.concat([Buffer.from(lead), bytes])) },
);

const body = fc.tuple(text, damage).map(([json, change]) => change(Buffer.from(json)));

type MakeHeader = (length: number) => string;
const header: fc.Arbitrary<MakeHeader> = fc.oneof(
  { weight: 40, arbitrary: fc.constant<MakeHeader>((length) => `Content-Length: ${length}\r\n\r\n`) },
  { weight: 16, arbitrary: fc.constantFrom<MakeHeader>(
    (length) => `content-LENGTH:${length}\n\n`,
    (length) => `Content-Length: ${length}\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n`,
    (length) => `Content-Type: x; charset=utf-16\r\nContent-Length: ${length}\r\n\r\n`,
    (length) => `Content-Length: ${length}\r\nContent-Length: 0${length}\r\n\r\n`,
    (length) => `no colon\r\nContent-Length: ${length}\r\n\r\n`,
    (length) => `Content-Length: ${length}\r\nX: ${'y'.repeat(MAX_HEADER_BYTES)}\r\n\r\n`,
    (length) => `${'X: y\r\n'.repeat(1500)}Content-Length: ${length}\r\n\r\n`,
  ) },
  { weight: 3, arbitrary: fc.constantFrom<MakeHeader>(
    (length) => `Content-Length: ${length}\r\nContent-Length: ${length + 1}\r\n\r\n`,
    () => 'Content-Length: -1\r\n\r\n',
    () => 'Content-Length: 1e3\r\n\r\n',
    () => 'Content-Length: \r\n\r\n',
    () => `Content-Length: ${'9'.repeat(40)}\r\n\r\n`,
    () => 'Content-Type: application/json\r\n\r\n',
    () => '\r\n\r\n',
    () => '',
    () => `X: ${'y'.repeat(3 * MAX_HEADER_BYTES)}`,
  ) },
  { weight: 2, arbitrary: fc.constantFrom<MakeHeader>(
    (length) => `Content-Length: ${length + 7}\r\n\r\n`,
    (length) => `Content-Length: ${Math.max(length - 7, 0)}\r\n\r\n`,
    () => `Content-Length: ${defaultSizes.messageBytes}\r\n\r\n`,
    () => `Content-Length: ${defaultSizes.messageBytes + 1}\r\n\r\n`,
    () => `Content-Length: ${Number.MAX_SAFE_INTEGER}\r\n\r\n`,
  ) },
);

const segment = fc.oneof(
  { weight: 24, arbitrary: fc.tuple(header, body).map(([make, bytes]) => Buffer.concat([Buffer.from(make(bytes.length)), bytes])) },
  { weight: 2, arbitrary: fc.tuple(header, body, damage).map(([make, bytes, change]) => Buffer.concat([change(Buffer.from(make(bytes.length))), bytes])) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
);

/** A stream, split into chunks. */
export const chunks: fc.Arbitrary<Buffer[]> = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 5 }), fc.array(fc.nat(), { maxLength: 12 }), fc.boolean())
  .map(([segments, cuts, singly]) => {
    const stream = Buffer.concat(segments);
    if (singly && stream.length < 500) return Array.from(stream, (byte) => Buffer.from([byte]));
    const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
    return places.slice(1).map((end, at) => stream.subarray(places[at], end));
  });
