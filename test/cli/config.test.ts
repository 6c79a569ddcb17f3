/** `codebeaker config`: the schema that editors read, the check of files, and what holds with the file that says so. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { config } from '../../server/src/cli/config.ts';
import type { ConfigArguments } from '../../server/src/cli/actions.ts';
import { ConfigError } from '../../server/src/policy/config-file.ts';
import { createPolicy } from '../../server/src/policy/policy.ts';
import { inForce } from '../../server/src/policy/in-force.ts';
import type { Config } from '../../server/src/protocol/index.ts';
import { configSchema } from '../../server/src/policy/config-schema.ts';
import type { JsonSchema } from '../../server/src/protocol/json-schema.ts';

describe('codebeaker config', () => {
  let folder: string;
  beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'config-')))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (path: string, content: unknown) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
    return join(folder, path);
  };
  const type = async (action: ConfigArguments['action'], given: Partial<ConfigArguments> = {}) => {
    let text = '';
    const surroundings = { env: { XDG_CONFIG_HOME: folder, XDG_STATE_HOME: '/state' }, home: folder };
    const args: ConfigArguments = { command: 'config', action, files: [], folder: join(folder, 'project'), json: false, config: undefined, ...given };
    const code = await config(surroundings, args, async (printed) => Number((text += printed) === ''));
    return { code, text };
  };
  const user = 'codebeaker/config.json';
  const project = 'project/.codebeaker.json';
  const valuesOf = async (given: Partial<ConfigArguments> = {}) => {
    const { settings } = JSON.parse((await type('show', { json: true, ...given })).text) as { settings: { key: string; value: unknown; from: string; file?: string }[] };
    return new Map(settings.map((setting) => [setting.key, setting]));
  };

  it('schema prints the published file', async () => {
    const { code, text } = await type('schema');
    expect(code).to.equal(0);
    expect(text).to.equal(readFileSync(new URL('../../server/codebeaker.schema.json', import.meta.url), 'utf8'));
  });

  it('the schema explains every key, and all that it refers to is in it', () => {
    const { definitions, ...root } = configSchema();
    const references = [...JSON.stringify({ definitions, root }).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)].map(([, name = '']) => name);
    expect(references).not.to.be.empty;
    expect(references.filter((name) => !(name in definitions))).to.deep.equal([]);
    const silent = (schema: JsonSchema, path: string): string[] => Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [
      ...(inner.description === undefined && !inner.properties ? [`${path}${key}`] : []),
      ...silent(inner, `${path}${key}.`),
    ]);
    expect(silent(root, '')).to.deep.equal([]);
  });

  it('check says nothing is wrong with a file that is right, and that there may be none', async () => {
    expect(await type('check')).to.deep.include({ code: 0, text: `there is no configuration file (${join(folder, user)}), so the defaults hold\n` });
    const paths = [put(user, { preference: 'speed' }), put(project, { preference: 'security' })];
    expect(await type('check')).to.deep.equal({ code: 0, text: paths.map((path) => `${path}: nothing is wrong\n`).join('') });
  });

  it('check names every fault with its key, a line each, and gives 78', async () => {
    const wrong = put(user, { limits: { cpu: 1, pids: 1 }, rate: {} });
    const more = put(project, '{');
    const { code, text } = await type('check');
    expect(code).to.equal(78);
    expect(text.split('\n').map((line) => line.split(': ').slice(0, 2).join(': '))).to.deep.equal([`${wrong}: limits.cpu`, `${wrong}: rate`, `${wrong}: limits.pids`, `${more}: it is not valid JSON`, '']);
    expect(await type('check', { files: [join(folder, 'none')] })).to.deep.equal({ code: 78, text: `${join(folder, 'none')}: there is no such file\n` });
    expect(JSON.parse((await type('check', { json: true, files: [wrong] })).text)).to.deep.equal({ files: [{ path: wrong, faults: [{ path: 'limits.cpu', message: 'no such key' }, { path: 'rate', message: 'no such key' }, { path: 'limits.pids', message: 'must be at least 8, not 1' }] }] });
  });

  it('check goes on behind what is wrong: it names all that each file has, and compares what is left with what is allowed', async () => {
    const wrong = put(user, { no: 1, limits: { cpus: 9, pids: 'x' }, maxLimits: { cpus: 2 }, network: { hosts: ['a.example', 'https://b.example'] }, scan: { rules: { 'python/unsafe-yml': 'off' } } });
    const more = put(project, '{ "no": 1, "limits": { "cpus": 4 } }');
    const { text } = await type('check');
    expect(text.trimEnd().split('\n').map((line) => line.replace(wrong, 'USER').replace(more, 'PROJECT').slice(0, 60))).to.deep.equal([
      'USER: limits.pids: Invalid input: expected number, received string',
      'USER: no: no such key',
      'USER: network.hosts.1: "https://b.example" must be a host alone, without',
      'USER: limits.cpus: must be at most 2, which is maxLimits.cpus, not 9',
      'USER: scan.rules.python/unsafe-yml: there is no rule python/unsafe-yml',
      'PROJECT: no: no such key',
      'PROJECT: cpus may be at most 2; ask for less, or raise maxLimits',
    ].map((line) => line.slice(0, 60)));
    put(user, '{');
    expect((await type('check')).text.split('\n').slice(1), 'what is allowed is not known').to.deep.equal([`${more}: no: no such key`, '']);
  });

  it('check names a key that stands twice, with both places, and nothing that holds says so', async () => {
    const wrong = put(user, '{\n  "limits": { "cpus": 1,\n    "pids": 9, "cpus": 2 },\n  "stateDir": "/a,b:{",\n  "limits": {}\n}\n');
    const { code, text } = await type('check');
    expect([code, text]).to.deep.equal([78, [
      `${wrong}: limits.cpus: the key stands twice: in line 2, column 15, and again in line 3, column 16; remove one of them`,
      `${wrong}: limits: the key stands twice: in line 2, column 3, and again in line 5, column 3; remove one of them`,
      '',
    ].join('\n')]);
    const shown = await type('show').then(() => undefined, (fault: Error) => fault);
    expect(shown).to.be.instanceOf(ConfigError).and.to.have.property('message').that.contains('line 3, column 16');
  });

  it('check names runtimes of a pool that there are not', async () => {
    const file = put(user, { pool: { dockr: { python: 1 }, docker: { python: 1 }, kata: { python: 1 } }, docker: { runtimes: { kata: { ociRuntime: 'kata-fc', isolation: 9 } } } });
    expect(await type('check')).to.deep.equal({ code: 78, text: `${file}: pool.dockr: there is no such runtime; the runtimes are docker, gvisor, kata, native, deno, bun\n` });
  });

  it('check names rules and categories that there are not, with the one that is nearest', async () => {
    const wrong = put(user, { scan: { rules: { 'python/unsafe-yml': 'off', 'python/eval': 'off', 'credential/gitub': 'hint' } } });
    const narrower = put(project, { scan: { rules: { 'javascript/evall': 'error' } } });
    const { code, text } = await type('check');
    expect(code).to.equal(78);
    expect(text.split('\n')).to.deep.equal([
      `${wrong}: scan.rules.python/unsafe-yml: there is no rule python/unsafe-yml; python/unsafe-yaml is the one with the most similar name`,
      `${wrong}: scan.rules.credential/gitub: there is no rule credential/gitub; credential/github is the one with the most similar name`,
      `${narrower}: scan.rules.javascript/evall: there is no rule javascript/evall; javascript/eval is the one with the most similar name`,
      '',
    ]);
    put(user, { scan: { block: { categories: ['credentials'] } } });
    expect((await type('check', { files: [wrong] })).text).to.match(/scan\.block\.categories\.0: .*"credential"/);
  });

  it('check says where the file of a project asks for more than is allowed', async () => {
    put(user, { maxLimits: { cpus: 2 } });
    const path = put(project, { limits: { cpus: 4 } });
    const { code, text } = await type('check');
    expect(code).to.equal(78);
    expect(text).to.contain(`${path}: cpus may be at most 2`);
  });

  it('show says what holds and which file said so', async () => {
    const own = put(user, { limits: { cpus: 2 }, maxLimits: { memoryBytes: 2 ** 28 }, network: { modes: ['allowlist'], hosts: ['*.example.com', '10.0.0.0/8'] }, packages: { registries: { pip: { url: 'https://x/', token: 'hidden' } } }, log: { level: 'debug' } });
    const narrower = put(project, { quotas: { perDay: { commands: 5 } }, rates: { 'session/create': { perMinute: 9 } }, preference: 'security', limits: { cpus: 1 }, network: { hosts: ['a.example.com:443', 'other.example'] } });
    const values = await valuesOf();
    expect(values.get('quotas.perDay.commands')).to.deep.include({ value: 5, from: 'project' });
    expect(values.get('rates.session/create.perMinute')).to.deep.include({ value: 9, from: 'project' });
    expect(values.get('rates.command/runCode.perMinute')).to.deep.include({ from: 'default' });
    expect(values.get('preference')).to.deep.equal({ key: 'preference', value: 'security', from: 'project', file: narrower });
    expect(values.get('limits.cpus')).to.deep.equal({ key: 'limits.cpus', value: 1, from: 'project', file: narrower });
    expect(values.get('network.hosts')).to.deep.include({ value: ['a.example.com:443'], from: 'project' });
    expect(values.get('network.modes')).to.deep.include({ value: ['allowlist'], from: 'user', file: own });
    expect(values.get('maxLimits.memoryBytes')).to.deep.include({ value: 2 ** 28, from: 'user' });
    expect(values.get('limits.memoryBytes'), 'what is lowered because of the file').to.deep.include({ value: 2 ** 28, from: 'user' });
    expect(values.get('limits.pids')).to.deep.equal({ key: 'limits.pids', value: 256, from: 'default' });
    expect(values.get('log.level')).to.deep.include({ value: 'debug', from: 'user' });
    expect(values.get('stateDir')).to.deep.include({ value: '/state/codebeaker', from: 'default' });
    expect(values.get('packages.registries.pip.url')).to.deep.include({ value: 'https://x/', from: 'user' });
    expect(values.get('packages.registries.pip.token')?.value).to.equal('***');
  });

  it('show without files has the defaults alone, and a table for people', async () => {
    const values = await valuesOf();
    expect([...values.values()].filter(({ from }) => from !== 'default')).to.deep.equal([]);
    expect(values.get('sessions.max')?.value).to.equal(createPolicy({}).sessions.max);
    const { text } = await type('show');
    expect(text.split('\n')[0]).to.match(/^KEY +VALUE +SAID BY$/);
    expect(text).to.match(/^limits\.pids +256 +default$/m);
  });

  it('show shows whatever key a file may have', () => {
    const sample = { docker: { host: 'unix:///x' }, pool: {}, allowedImages: ['my/image'], images: { python: 'p' } } satisfies Config;
    const found = new Map(inForce(sample, undefined, '/s').map(({ key, value, from }) => [key, { value, from }]));
    expect(found.get('docker.host')).to.deep.equal({ value: 'unix:///x', from: 'user' });
    expect(found.get('history.keepDays')).to.deep.equal({ value: 90, from: 'default' });
    expect(found.get('pool')).to.deep.equal({ value: {}, from: 'user' });
    expect(found.get('allowedImages')).to.deep.equal({ value: ['my/image'], from: 'user' });
    expect(found.get('images.python')).to.deep.equal({ value: 'p', from: 'user' });
  });

  it('show refuses a project that asks for more than is allowed, and a file that is wrong', async () => {
    put(project, { docker: {} });
    const fault = await type('show').catch((error: unknown) => error);
    expect(fault).to.be.instanceOf(ConfigError);
    expect((fault as Error).message).to.equal('.codebeaker.json: docker can only be set in the configuration file');
    put(user, '{"limits": 1}');
    expect(await type('show').catch((error: unknown) => error)).to.be.instanceOf(ConfigError);
  });
});
