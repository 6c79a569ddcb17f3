/** The configuration files: where they are searched for, and which errors a wrong one gives. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError, loadConfig, parseConfig } from '../../server/src/policy/config-file.ts';
import { ownFolder } from '../../server/src/policy/own-folder.ts';
import { loadProjectConfig } from '../../server/src/policy/project-file.ts';
import { temporaryFolder } from './folder.ts';

const isConfigError = (fault: unknown): ConfigError => {
  expect(fault).to.be.instanceOf(ConfigError);
  return fault as ConfigError;
};

describe('a configuration', () => {
  it('is returned as it was written if it matches the schema', () => {
    const config = {
      $schema: 'https://example.org/schema.json',
      preference: 'speed',
      images: { python: 'a' },
      allowedImages: ['python:3.12-slim', 'Registry.example:5000/team/a__b/c-d:Tag_1', '[::1]:5000/x', `a@sha256:${'0'.repeat(64)}`, `sha256:${'f'.repeat(64)}`],
      limits: { memoryBytes: 8 * 2 ** 20, timeoutMs: 0 },
      maxLimits: { cpus: 0.5 },
      sessions: { max: 1, idleTimeoutMs: 0, maxLifetimeMs: 1, graceMs: 0, maxGraceMs: 1 },
      network: { modes: ['none', 'allowlist', 'full'], hosts: ['*.example.com:443', '10.0.0.0/8'], connections: 1, bytes: 1, idleTimeoutMs: 1, certificates: ['/etc/one.pem', '/etc/two.pem'] },
      packages: { ahead: [{ language: 'python', runtime: 'native', names: ['one'], manifest: '/a/requirements.txt' }], cacheBytes: 1, run: 'ask', block: 'high', registries: { pip: { url: 'https://x/', username: 'a', password: 'b' }, npm: { url: 'http://x', token: 't', scopes: { '@team': { url: 'https://y/' } } } } },
      audit: { enabled: true, onFailure: 'refuse', anchor: '/mnt/heads', rotateBytes: 65_536, keepDays: 1, maxBytes: 1, fsync: true },
      rates: { 'session/create': { perMinute: 60, burst: 10 }, 'session/list': { perMinute: 1 } },
      quotas: { sessions: 3, perDay: { commands: 0, cpuSeconds: 0.5, gibSeconds: 1.5, outputBytes: 1, networkBytes: 0 }, perSession: { commands: 1 } },
      prices: { currency: 'EUR', cpuSecond: 0.1, gibSecond: 0, command: 1, networkGib: 2 },
      secrets: { A: { env: 'B' }, C: { file: '/c' }, D: { command: ['pass', 'show', 'd'], timeoutMs: 1 } },
      stateDir: '/x',
      docker: { host: 'unix:///x', ociRuntime: 'crun', runtimes: { kata: { ociRuntime: 'kata-fc', isolation: 9.5 }, 'runc-1.2': { isolation: 7 } } },
      telemetry: { otlpEndpoint: 'http://localhost:4318' },
      log: { level: 'debug', file: '/tmp/log', format: 'json', maxBytes: 65_536, keepFiles: 0 },
    };
    expect(parseConfig(JSON.stringify(config), 'c.json')).to.deep.equal(config);
    expect(parseConfig('{}', 'c.json')).to.deep.equal({});
  });

  const wrong: Record<string, [text: string, ...parts: string[]]> = {
    'text that is not JSON': ['{"a": }', 'c.json: it is not valid JSON: '],
    'an empty file': ['', 'c.json: it is not valid JSON: '],
    'a list': ['[]', 'c.json: Invalid input: expected object, received array'],
    'null': ['null', 'c.json: Invalid input: expected object, received null'],
    'an unknown key': ['{"limit": {}}', 'c.json: limit: no such key'],
    'an unknown key deep inside': ['{"limits": {"memory": 1}}', 'c.json: limits.memory: no such key'],
    'an unknown language': ['{"images": {"cobol": "x"}}', 'c.json: images.cobol: no such key'],
    'a key of the prototype': ['{"__proto__": {"preference": "speed"}}', 'c.json: __proto__: no such key'],
    'a wrong type': ['{"images": {"python": 3}}', 'c.json: images.python: Invalid input: expected string, received number'],
    'a wrong choice': ['{"preference": "fast"}', 'c.json: preference: Invalid option: expected one of "speed"|"security"'],
    'a wrong choice in a list': ['{"network": {"modes": ["none", "some"]}}', 'c.json: network.modes.1: Invalid option: expected one of "none"|"allowlist"|"full"'],
    'a registry that is no URL': ['{"packages": {"registries": {"pip": {"url": "pypi"}}}}', 'c.json: packages.registries.pip.url: must be the address of a registry'],
    'something ahead that names nothing': ['{"packages": {"ahead": [{"language": "python", "names": []}]}}', 'c.json: packages.ahead.0: must have names or a manifest'],
    'a manifest ahead whose folder is not named': ['{"packages": {"ahead": [{"language": "python", "manifest": "requirements.txt"}]}}', 'c.json: packages.ahead.0.manifest: must be an absolute path'],
    'a scope that is none': ['{"packages": {"registries": {"npm": {"url": "http://x", "scopes": {"team": {"url": "http://x"}}}}}}', 'c.json: packages.registries.npm.scopes.team'],
    'a host that is a URL': ['{"network": {"hosts": ["example.com", "https://example.com/"]}}', 'c.json: network.hosts.1: "https://example.com/" must be a host alone, without https:// and without a path'],
    'certificates that are none': ['{"network": {"certificates": "company.pem"}}', 'c.json: network.certificates: must be host, image, or an absolute path'],
    'a secret from two places': ['{"secrets": {"A": {"env": "A", "file": "/a"}}}', 'c.json: secrets.A: give exactly one of env, file and command'],
    'a secret from nowhere': ['{"secrets": {"A": {}}}', 'c.json: secrets.A: give exactly one of env, file and command'],
    'a secret as a value': ['{"secrets": {"A": "value"}}', 'c.json: secrets.A: Invalid input: expected object'],
    'a secret with the name of no variable': ['{"secrets": {"A-B": {"env": "A"}}}', 'c.json: secrets.A-B: Invalid key: the name of a secret consists of'],
    'zero': ['{"limits": {"pids": 0}}', 'c.json: limits.pids: Too small: expected number to be >0'],
    'a negative number': ['{"sessions": {"idleTimeoutMs": -1}}', 'c.json: sessions.idleTimeoutMs: Too small: expected number to be >=0'],
    'a fraction': ['{"limits": {"memoryBytes": 1.5}}', 'c.json: limits.memoryBytes: Invalid input: expected int, received number'],
    'a number that is too large': ['{"limits": {"memoryBytes": 1e400}}', 'c.json: limits.memoryBytes: '],
    'a relative place for the heads of the audit log': ['{"audit": {"anchor": "heads"}}', 'c.json: audit.anchor: must be an absolute path'],
    'files of the audit log that are too small': ['{"audit": {"rotateBytes": 100}}', 'c.json: audit.rotateBytes: Too small'],
    'comments (L8)': ['// mine\n{}', 'c.json: it is not valid JSON: ', 'comments are not allowed'],
    'an image in upper case (L8)': ['{"images": {"python": "UPPER CASE"}}', 'c.json: images.python: an image is named in lower-case letters'],
    'an allowed image in upper case (L8)': ['{"allowedImages": ["ok", "team/Python"]}', 'c.json: allowedImages.1: an image is named'],
    'an engine that is no address (L8)': ['{"docker": {"host": "my docker"}}', 'c.json: docker.host: must look like unix:///path'],
    'an engine without a port (L8)': ['{"docker": {"host": "nonsense"}}', 'c.json: docker.host: must look like unix:///path'],
    'a log in the home folder (L8)': ['{"log": {"file": "~/log"}}', 'c.json: log.file: must be an absolute path'],
    'a limit above its maximum (L19)': ['{"limits": {"pids": 20}, "maxLimits": {"pids": 10}}', 'c.json: limits.pids: must be at most 10, which is maxLimits.pids, not 20'],
    'a limit above the default of its maximum (L19)': ['{"limits": {"cpus": 1000}}', 'c.json: limits.cpus: must be at most 64'],
    'no time limit where there is a maximum (L19)': ['{"limits": {"timeoutMs": 0}, "maxLimits": {"timeoutMs": 10}}', 'c.json: limits.timeoutMs: must be at most 10'],
    'limits with which nothing runs (L19)': ['{"limits": {"memoryBytes": 64, "cpus": 0.0001}, "maxLimits": {"pids": 1}}', 'limits.memoryBytes: must be at least 8388608, not 64', 'limits.cpus: must be at least 0.01', 'maxLimits.pids: must be at least 8'],
    'a runtime without an isolation score': ['{"docker": {"runtimes": {"kata": {}}}}', 'c.json: docker.runtimes.kata.isolation: Invalid input: expected number'],
    'a runtime with an isolation score that is too high': ['{"docker": {"runtimes": {"kata": {"isolation": 11}}}}', 'c.json: docker.runtimes.kata.isolation: Too big'],
    'a runtime with an unknown key': ['{"docker": {"runtimes": {"kata": {"isolation": 9, "path": "/x"}}}}', 'docker.runtimes.kata.path: no such key'],
    'a rate of no method': ['{"rates": {"session/make": {"perMinute": 1}}}', 'c.json: rates.session/make: there is no such method'],
    'a rate of a method that ends something': ['{"rates": {"session/close": {"perMinute": 1}}}', 'c.json: rates.session/close: calls of this method are never limited'],
    'a rate of a message to what runs': ['{"rates": {"command/signal": {"perMinute": 1}, "command/ack": {"perMinute": 1}}}', 'rates.command/signal: calls', 'rates.command/ack: calls'],
    'a rate of nothing': ['{"rates": {"session/list": {"perMinute": 0}}}', 'c.json: rates.session/list.perMinute: Too small'],
    'a quota below nothing': ['{"quotas": {"perDay": {"cpuSeconds": -1}}}', 'c.json: quotas.perDay.cpuSeconds: Too small'],
    'half a command': ['{"quotas": {"perDay": {"commands": 0.5}}}', 'c.json: quotas.perDay.commands: Invalid input: expected int'],
    'a currency that is a sign': ['{"prices": {"currency": "€"}}', 'c.json: prices.currency: must be three capital letters'],
    'several errors at once': ['{"a": 1, "log": {"level": 1, "b": 2}}', 'log.level: Invalid option', 'log.b: no such key', 'a: no such key'],
  };
  for (const [name, [text, ...parts]] of Object.entries(wrong)) {
    it(`is refused with the path of the error: ${name}`, () => {
      try {
        parseConfig(text, 'c.json');
        expect.fail('accepted');
      } catch (fault) {
        for (const part of parts) expect(isConfigError(fault).message).to.contain(part);
      }
    });
  }

  it('may begin with a byte order mark, as editors on Windows write it (L8)', () => {
    expect(parseConfig('\ufeff{"preference": "speed"}', 'c.json')).to.deep.equal({ preference: 'speed' });
  });
});

describe('the configuration file', () => {
  const folder = temporaryFolder();

  /** Writes a configuration file whose `docker.ociRuntime` is its own path, so that a test sees which one was read. */
  const put = (path: string, text = JSON.stringify({ docker: { ociRuntime: path } })) => {
    mkdirSync(dirname(join(folder(), path)), { recursive: true });
    writeFileSync(join(folder(), path), text);
  };

  type Env = Record<string, string | undefined>;
  const check = (expected: string | undefined, flag: string | undefined, env: Env) => {
    const at = (path: string) => join(folder(), path);
    const real = Object.fromEntries(Object.entries(env).map(([name, path]) => [name, path?.startsWith('@') ? at(path.slice(1)) : path]));
    const { docker } = loadConfig({ flag: flag === undefined ? undefined : at(flag), env: real, home: at('home') });
    expect(docker?.ociRuntime).to.equal(expected);
  };

  const sources: Record<string, [expected: string | undefined, flag: string | undefined, env: Env]> = {
    '--config comes first': ['flag', 'flag', { CODEBEAKER_CONFIG: '@env', XDG_CONFIG_HOME: '@xdg' }],
    'then comes the environment': ['env', undefined, { CODEBEAKER_CONFIG: '@env', XDG_CONFIG_HOME: '@xdg' }],
    'then comes the XDG folder': ['xdg/codebeaker/config.json', undefined, { XDG_CONFIG_HOME: '@xdg' }],
    'then comes the home': ['home/.config/codebeaker/config.json', undefined, {}],
    'an empty variable counts as not set': ['home/.config/codebeaker/config.json', undefined, { CODEBEAKER_CONFIG: '', XDG_CONFIG_HOME: '' }],
    'a relative XDG folder counts as not set': ['home/.config/codebeaker/config.json', undefined, { XDG_CONFIG_HOME: 'xdg' }],
    'there may be no file at all': [undefined, undefined, { XDG_CONFIG_HOME: '@empty' }],
    'there may be a file in the place of its folder': [undefined, undefined, { XDG_CONFIG_HOME: '@flag' }],
  };
  for (const [name, [expected, flag, env]] of Object.entries(sources)) {
    it(`is searched for: ${name}`, () => {
      for (const path of ['flag', 'env', 'xdg/codebeaker/config.json', 'home/.config/codebeaker/config.json']) put(path);
      check(expected, flag, env);
    });
  }

  const faults: Record<string, [flag: string | undefined, env: Env, message: string]> = {
    'a named file is missing': ['none', {}, 'none: there is no such file'],
    'the file that the environment names is missing': [undefined, { CODEBEAKER_CONFIG: '@none' }, 'none: there is no such file'],
    'it is a folder': ['home', {}, "home: it cannot be read: EISDIR"],
    'it is wrong': ['wrong', {}, 'wrong: limits: Invalid input'],
    "the user's own file is wrong": [undefined, { XDG_CONFIG_HOME: '@xdg' }, 'config.json: it is not valid JSON'],
  };
  for (const [name, [flag, env, message]] of Object.entries(faults)) {
    it(`gives an error if ${name}`, () => {
      put('wrong', '{"limits": 1}');
      put('xdg/codebeaker/config.json', '{');
      mkdirSync(join(folder(), 'home'));
      const attempt = () => check(undefined, flag, env);
      expect(attempt).to.throw(ConfigError, message);
      expect(attempt).to.throw(folder());
    });
  }

  it('is in the folders that the XDG specification defines', () => {
    const home = '/home/a';
    expect(ownFolder('XDG_CONFIG_HOME', { env: {}, home })).to.equal('/home/a/.config/codebeaker');
    expect(ownFolder('XDG_STATE_HOME', { env: {}, home })).to.equal('/home/a/.local/state/codebeaker');
    expect(ownFolder('XDG_CACHE_HOME', { env: {}, home })).to.equal('/home/a/.cache/codebeaker');
    expect(ownFolder('XDG_STATE_HOME', { env: { XDG_STATE_HOME: '/s' }, home })).to.equal('/s/codebeaker');
  });
});

describe("a project's configuration file", () => {
  const folder = temporaryFolder();
  const file = () => join(folder(), '.codebeaker.json');

  it('may be absent', async () => {
    expect(await loadProjectConfig(folder())).to.equal(undefined);
    expect(await loadProjectConfig(join(folder(), 'none'))).to.equal(undefined);
  });

  it('is read', async () => {
    writeFileSync(file(), '{"preference": "memory"}');
    expect(await loadProjectConfig(folder())).to.deep.equal({ preference: 'memory' });
  });

  const faults: Record<string, [make: () => void, message: string]> = {
    'invalid JSON': [() => writeFileSync(file(), '{'), 'it is not valid JSON'],
    'a folder': [() => mkdirSync(file()), 'it is not a regular file'],
    'a pipe that nobody writes to': [() => execFileSync('mkfifo', [file()]), 'it is not a regular file'],
    'a device that never ends': [() => symlinkSync('/dev/zero', file()), 'it is not a regular file'],
    'a large file': [() => writeFileSync(file(), `{"preference": "memory"${' '.repeat(300_000)}}`), 'it is larger than 262144 bytes'],
    'a link to itself': [() => symlinkSync(file(), file()), "it cannot be read: ELOOP"],
  };
  for (const [name, [make, message]] of Object.entries(faults)) {
    it(`gives an error without the path of the folder: ${name}`, async () => {
      make();
      const fault = isConfigError(await loadProjectConfig(folder()).catch((thrown: unknown) => thrown));
      expect(fault.message).to.match(/^\.codebeaker\.json: /);
      expect(fault.message).to.contain(message);
      expect(fault.message).not.to.contain(folder());
    });
  }
});
