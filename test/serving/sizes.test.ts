/** Texts in requests are no longer than the policy allows; what is longer is refused with the name of the size. */
import { expect } from 'chai';
import { defaultSizes } from '../../server/src/policy/sizes.ts';
import { methods } from '../../server/src/protocol/index.ts';
import { jsonSchemas, type JsonSchema, refPrefix } from '../../server/src/protocol/json-schema.ts';
import { sizedParams } from '../../server/src/serving/gate/sizes.ts';
import { withDaemon } from './daemon.ts';

/**
 * Params that are texts of another kind. Their sizes are bounded by their schemas, by the kernel, whose refusal is told
 * in words (command, args, env), by what one message can carry (content, data, stdin), or they are compared with names that exist.
 */
const others = new Set([
  'sessionId', 'commandId', 'pattern', 'workDoneToken', 'token', 'label', 'runtime', 'image', 'language', 'preference', 'manager', 'registry', 'packages', 'names', 'hosts', 'runtimes', 'enforced',
  'command', 'args', 'env', 'secrets', 'secretNames', 'content', 'data', 'stdin', 'signal', 'type', 'name', 'version', 'locale', 'rootUri', 'mode', 'access', 'encoding', 'outputEncoding', 'entryId', 'since', 'until', 'before', 'outcome', 'resumeToken',
]);

/** The names of all texts in the params of the methods that the gate serves. */
function texts(): Set<string> {
  const { schemas, methods: shapes } = jsonSchemas();
  const found = new Set<string>();
  const seen = new Set<JsonSchema>();
  const walk = (name: string, schema: JsonSchema | undefined): void => {
    const target = schema?.$ref === undefined ? schema : schemas[schema.$ref.slice(refPrefix.length)];
    if (!target || seen.has(target)) return;
    if (target === schema) seen.add(target);
    if (target.type === 'string' && target.enum === undefined && target.const === undefined) found.add(name);
    for (const inner of [...(target.anyOf ?? []), ...(target.allOf ?? []), ...(target.items ? [target.items] : [])]) walk(name, inner);
    for (const [key, inner] of Object.entries(target.properties ?? {})) walk(key, inner);
    if (typeof target.additionalProperties === 'object') walk(name, target.additionalProperties);
  };
  for (const { name, from, by } of methods) if (from === 'client' && by === 'service') walk('', schemas[shapes.get(name)?.params ?? '']);
  return found;
}

describe('sizes', () => {
  it('every text in the params of a method has a size, or is named as one that needs none', () => {
    const found = texts();
    expect([...found]).to.include.members(['path', 'source', 'destination', 'cwd', 'manifest', 'uri', 'code', 'content']);
    expect([...found].filter((name) => !Object.hasOwn(sizedParams, name) && !others.has(name))).to.deep.equal([]);
  });

  /** A call for each sized param, with the param at a length of ours. */
  const calls: readonly [method: string, params: (sessionId: string, text: string) => object, at: string][] = [
    ['command/runCode', (sessionId, code) => ({ sessionId, code }), 'code'],
    ['command/runCode', (sessionId, path) => ({ sessionId, path }), 'path'],
    ['command/executeShell', (sessionId, cwd) => ({ sessionId, command: 'true', cwd }), 'cwd'],
    ['command/writeFile', (sessionId, path) => ({ sessionId, path, content: '' }), 'path'],
    ['command/readFile', (sessionId, path) => ({ sessionId, path }), 'path'],
    ['command/createDirectory', (sessionId, path) => ({ sessionId, path }), 'path'],
    ['command/copyFile', (sessionId, source) => ({ sessionId, source, destination: 'b' }), 'source'],
    ['command/copyFile', (sessionId, destination) => ({ sessionId, source: 'a', destination }), 'destination'],
    ['command/deleteFile', (sessionId, path) => ({ sessionId, path }), 'path'],
    ['command/listDirectory', (sessionId, path) => ({ sessionId, path }), 'path'],
    ['command/installPackages', (sessionId, manifest) => ({ sessionId, manifest }), 'manifest'],
    ['session/create', (_, uri) => ({ workspace: { uri, access: 'copy' } }), 'workspace.uri'],
    ['session/create', (_, code) => ({ program: { code } }), 'program.code'],
  ];
  for (const [method, params, at] of calls) {
    it(`${at} of ${method} may have its size, and one byte more is refused`, () =>
      withDaemon({}, async (daemon) => {
        await daemon.initialize();
        const sessionId = await daemon.session();
        const name = sizedParams[at.split('.').at(-1) ?? ''] ?? 'codeBytes';
        const most = defaultSizes[name];
        const text = (bytes: number) => (name === 'codeBytes' ? '#'.repeat(bytes) : 'a/'.repeat(bytes).slice(0, bytes));
        const fitting = await daemon.ask(method, params(sessionId, text(most)));
        expect(String(fitting.error?.message)).not.to.contain('sizes.');
        const { code, message, data } = await daemon.fault(method, params(sessionId, text(most + 1)));
        expect(code).to.equal(-32602);
        expect(message).to.contain(`${at}: it has ${most + 1} bytes, and may have ${most}`).and.contain(`sizes.${name}`);
        expect(data).to.deep.include({ limit: `sizes.${name}`, maximum: most });
      }));
  }

  it('count bytes, not characters', () =>
    withDaemon({ config: { sizes: { pathBytes: 64 } } }, async (daemon) => {
      await daemon.initialize();
      const sessionId = await daemon.session();
      expect((await daemon.ask('command/createDirectory', { sessionId, path: '€'.repeat(21) })).error).to.equal(undefined);
      expect((await daemon.fault('command/createDirectory', { sessionId, path: '€'.repeat(22) })).message).to.contain('it has 66 bytes, and may have 64');
    }));

  it('are raised by the configuration, and only lowered by a client', () =>
    withDaemon({ config: { sizes: { codeBytes: 2 * 2 ** 20 } } }, async (daemon) => {
      await daemon.initialize({ initializationOptions: { sizes: { codeBytes: 4 * 2 ** 20, pathBytes: 100 } } });
      const sessionId = await daemon.session();
      const run = (bytes: number) => daemon.ask('command/runCode', { sessionId, language: 'python', code: '#'.repeat(bytes) });
      expect((await run(2 * 2 ** 20)).error).to.equal(undefined);
      expect((await run(2 * 2 ** 20 + 1)).error?.message).to.contain('may have 2097152');
      expect((await daemon.fault('command/readFile', { sessionId, path: 'a'.repeat(101) })).message).to.contain('may have 100');
    }));

  it('of a message are the configuration file’s alone', () =>
    withDaemon({}, async (daemon) => {
      const { error } = await daemon.server.initialize({ initializationOptions: { sizes: { messageBytes: 2 ** 20 } } });
      expect(error?.message).to.contain('sizes.messageBytes can only be set in the configuration file');
    }));
});
