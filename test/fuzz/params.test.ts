/** Whatever params a client sends, each request is answered once, with a result or with an error that the documents name, and the daemon goes on. */
import { expect } from 'chai';
import fc from 'fast-check';
import { errorGuide, errorsOf } from '../../server/src/protocol/error-guide.ts';
import { type ErrorKind, methods } from '../../server/src/protocol/index.ts';
import { openrpc } from '../../server/src/protocol/openrpc.ts';
import { jsonSchemas, type JsonSchema, refPrefix } from '../../server/src/protocol/json-schema.ts';
import { withDaemon } from '../serving/daemon.ts';
import { forAWhile, timeoutFor } from './while.ts';

const SHARE = 0.15;
const { schemas, methods: shapes } = jsonSchemas();

/** What is wrong nearly everywhere, or right in an unexpected way. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e308, 2 ** 53, '', '\0', '\ud800', '../../etc/passwd', '/proc/self/mem', 'file:///', '__proto__', [], [[]], {}, { length: 1 }, 'x'.repeat(5000)),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Values that fit the schema; one in ten does not. */
function fitting(schema: JsonSchema | undefined, depth = 0): fc.Arbitrary<unknown> {
  const right = fittingExactly(schema, depth);
  return fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: strange });
}

function fittingExactly(schema: JsonSchema | undefined, depth: number): fc.Arbitrary<unknown> {
  if (!schema || depth > 6) return strange;
  if (schema.$ref !== undefined) return fitting(schemas[schema.$ref.slice(refPrefix.length)], depth + 1);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  const [first, ...others] = schema.anyOf ?? schema.allOf ?? [];
  if (first) return fc.oneof(fitting(first, depth + 1), ...others.map((other) => fitting(other, depth + 1)));
  const { type = 'any' } = schema;
  switch (type) {
    case 'object': {
      const members = Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, fitting(inner, depth + 1)]));
      const known = fc.record(members, { requiredKeys: schema.required ?? [] });
      return typeof schema.additionalProperties === 'object' ? fc.dictionary(fc.string({ maxLength: 10 }), fitting(schema.additionalProperties, depth + 1), { maxKeys: 4 }) : known;
    }
    case 'array':
      return fc.array(fitting(schema.items, depth + 1), { maxLength: 4 });
    case 'string':
      return fc.oneof(fc.constantFrom('a', 'b.txt', '/workspace/a', '/tmp', 'python', 'echo 1', 'SIGTERM', 'fake'), fc.string({ maxLength: 20 }));
    case 'integer':
    case 'number':
      return fc.oneof(fc.nat(100), fc.integer(), fc.constantFrom(0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER));
    case 'boolean':
      return fc.boolean();
    default:
      return strange;
  }
}

const served = methods.filter(({ from, by }) => from === 'client' && by !== 'connection');
const call = fc.constantFrom(...served).chain((method) => fitting(schemas[shapes.get(method.name)?.params ?? '']).map((params) => ({ method, params })));

/** Replaces the id of a session or command by a real one, most of the time, so that calls reach their handlers. */
function aimed(params: unknown, sessionId: string, real: boolean): unknown {
  return real && typeof params === 'object' && params !== null && 'sessionId' in params ? { ...params, sessionId } : params;
}

describe('requests with any params', function () {
  this.timeout(timeoutFor(SHARE));

  before(() => void openrpc('0'));

  it('are answered once, with what the documents name, and the daemon goes on', async () => {
    await forAWhile(SHARE, fc.asyncProperty(fc.array(fc.tuple(call, fc.integer({ max: 9 })), { minLength: 1, maxLength: 12 }), (calls) =>
      withDaemon({ config: { network: { modes: ['allowlist', 'full'] } } }, async (daemon) => {
        await daemon.initialize({ capabilities: { output: { flowControl: true }, ports: { changed: true } } });
        const sessionId = await daemon.session();
        const { wire } = daemon.server;
        const asked = calls.map(([{ method, params }, aim], at) => {
          const sent = aimed(params, sessionId, aim > 0);
          const id = `fuzz-${at}`;
          wire.send({ jsonrpc: '2.0', ...(method.kind === 'request' ? { id } : {}), method: method.name, params: sent });
          return { method, id };
        });
        await daemon.settle();
        const probe = await daemon.ask('server/health');
        expect(probe.error).to.equal(undefined);
        // What these need is loaded from files, which takes real time.
        const loading = asked.filter(({ method }) => ['rpc.discover', 'server/metrics'].includes(method.name));
        while (!loading.every(({ id }) => wire.received.some((message) => message.id === id))) await new Promise<void>((resolve) => void setImmediate(resolve));
        void daemon.server.connection.close();
        await daemon.server.clock.advance(5_000);
        for (const { method, id } of asked.filter((each) => each.method.kind === 'request')) {
          const answers = wire.received.filter((message) => message.id === id && message.method === undefined);
          expect(answers.length, `${method.name} is answered`).to.equal(1);
          const error = answers[0]?.error;
          if (error) expect(Object.keys(errorGuide[error.data.kind as ErrorKind].data), error.message).to.include.members(Object.keys(error.data as object).filter((name) => name !== 'kind'));
          if (error && method.by !== 'alias') expect(errorsOf(method), `${method.name}: ${error.message}`).to.include(error.data.kind);
          if (error) expect(error.data.kind, error.message).not.to.equal('InternalError');
        }
      })));
  });
});
