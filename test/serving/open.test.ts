/** What `initialize` decides: the client's policy and the capabilities (F-B2, F-E1). */
import { expect } from 'chai';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'zod/mini';
import { errorCodes, HealthResult, InitializeResult, methods } from '../../server/src/protocol/index.ts';
import { weaknessesOf } from '../../server/src/runtime/holes/find.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { type TestDaemon, withDaemon } from './daemon.ts';

const sessionsOf = async (daemon: TestDaemon, params: object) => (await daemon.initialize(params)).capabilities.sessions;
const usual = { maxSessions: 16, idleTimeoutMs: 1_800_000, maxLifetimeMs: 7_200_000, pooled: false };

describe('capabilities', () => {
  it('match the schema, and every method in them is served', () =>
    withDaemon({ pty: false, historyFolder: '/proc/none' }, async (daemon) => {
      const result = await daemon.initialize({ capabilities: { session: { resume: true }, output: { flowControl: true } } });
      expect(parse(InitializeResult, result)).to.deep.equal(result);
      const { capabilities } = result;
      expect(capabilities.methods).to.deep.equal(
        methods.filter(({ kind, from, name }) => kind === 'request' && from === 'client' && name !== 'initialize').map(({ name }) => name),
      );
      expect(capabilities.sessions).to.deep.equal({ ...usual, resume: { graceMs: 60_000, maxGraceMs: 600_000 } });
      expect(capabilities.metrics).to.deep.equal({});
      expect(capabilities.network).to.deep.equal({ modes: ['none'] });
      expect(capabilities.runtimes.map(({ id }: { id: string }) => id)).to.deep.equal(['fake']);
      expect(capabilities).not.to.have.any.keys('pty', 'packages', 'debug', 'audit', 'workspaceOverlay');
    }));

  it('include a terminal if a runtime has one', () =>
    withDaemon({}, async (daemon) => {
      expect((await daemon.initialize()).capabilities.pty).to.deep.equal({});
    }));

  it('include no terminal if that runtime is not available', () =>
    withDaemon({}, async (daemon) => {
      daemon.runtime.reason = 'no engine';
      const { capabilities } = await daemon.initialize();
      expect(capabilities).not.to.have.property('pty');
      expect(capabilities.runtimes[0]).to.include({ available: false, reason: 'no engine' });
    }));

  for (const method of ['history/list']) {
    it(`do not include ${method}, which is not served`, () =>
      withDaemon({}, async (daemon) => {
        expect((await daemon.initialize()).capabilities.methods).not.to.include(method);
        expect((await daemon.fault(method)).code).to.equal(-32601);
      }));
  }
});

describe('initializationOptions', () => {
  const narrowed: Record<string, [options: unknown, sessions: object]> = {
    'absent': [undefined, {}],
    'null': [null, {}],
    'an empty object': [{}, {}],
    'an empty array, from Lua': [[], {}],
    'a nested empty array, from Lua': [{ limits: [], sessions: { max: 2 } }, { maxSessions: 2 }],
    'less of everything': [{ sessions: { max: 3, idleTimeoutMs: 5, maxLifetimeMs: 6 } }, { maxSessions: 3, idleTimeoutMs: 5, maxLifetimeMs: 6 }],
    'bounds above those in force': [{ sessions: { max: 300, idleTimeoutMs: 0 } }, {}],
  };
  for (const [name, [initializationOptions, sessions]] of Object.entries(narrowed)) {
    it(`narrow the policy: ${name}`, () =>
      withDaemon({}, async (daemon) => {
        expect(await sessionsOf(daemon, { initializationOptions })).to.deep.equal({ ...usual, ...sessions });
      }));
  }

  const refused: Record<string, [options: object, code: number, part: string]> = {
    'more memory than is allowed': [{ limits: { memoryBytes: 1e15 } }, errorCodes.PolicyDenied, 'memoryBytes may be'],
    'an image that is not allowed': [{ images: { python: 'evil' } }, errorCodes.PolicyDenied, 'the image evil is not allowed'],
    'another engine': [{ docker: { host: 'tcp://evil:2375' } }, errorCodes.PolicyDenied, 'docker can only be set'],
    'another log': [{ log: { file: '/etc/x' } }, errorCodes.PolicyDenied, 'log can only be set'],
    'an unknown key': [{ limits: { memory: 1 } }, errorCodes.InvalidParams, 'initializationOptions.limits.memory: no such key'],
    'a key that does not exist': [{ scans: {} }, errorCodes.InvalidParams, 'initializationOptions.scans: '],
    'a rate of no method': [{ rates: { 'no/such': { perMinute: 1 } } }, errorCodes.InvalidParams, 'initializationOptions.rates.no/such: there is no such method'],
    'another price': [{ prices: { currency: 'EUR' } }, errorCodes.PolicyDenied, 'prices can only be set'],
    'a pool that is not empty': [{ pool: { docker: { python: 1 } } }, errorCodes.PolicyDenied, 'pool can only be set'],
    'limits with which nothing runs (L19)': [{ limits: { pids: 1 }, maxLimits: { memoryBytes: 64 } }, errorCodes.InvalidParams, 'initializationOptions.limits.pids: must be at least 8, not 1; initializationOptions.maxLimits.memoryBytes: must be at least 8388608, not 64'],
    'limits above the maximum (L19)': [{ limits: { cpus: 65 } }, errorCodes.PolicyDenied, 'cpus may be at most 64'],
    'a pool for a runtime that is not there (L19)': [{ pool: { dokcer: { python: 1 } } }, errorCodes.PolicyDenied, 'pool'],
    'a wrong type': [{ sessions: 5 }, errorCodes.InvalidParams, 'initializationOptions.sessions: Invalid input: expected object'],
    'a network mode that does not exist': [{ network: { modes: ['some'] } }, errorCodes.InvalidParams, 'initializationOptions.network.modes.0'],
    'a host that is none': [{ network: { hosts: ['*'] } }, errorCodes.InvalidParams, 'initializationOptions.network.hosts.0: "*" allows everything; ask for the network mode full instead'],
  };
  for (const [name, [initializationOptions, code, part]] of Object.entries(refused)) {
    it(`are refused, and the client may try again: ${name}`, () =>
      withDaemon({}, async (daemon) => {
        const { error } = await daemon.server.initialize({ initializationOptions });
        expect([error?.code, error?.message]).to.satisfy(([found, message]: [number, string]) => found === code && message.includes(part), error?.message);
        await daemon.settle();
        expect(await sessionsOf(daemon, {})).to.deep.equal(usual);
      }));
  }

  it('set the images and limits of sessions', () =>
    withDaemon({ config: { allowedImages: ['mine'] }, image: 'x' }, async (daemon) => {
      await daemon.initialize({ initializationOptions: { images: { python: 'mine' }, limits: { pids: 9 }, maxLimits: { memoryBytes: 16_777_216 } } });
      const session = await daemon.result('session/create', { language: 'python' });
      expect([session.image, session.limits.pids, session.limits.memoryBytes]).to.deep.equal(['mine', 9, 16_777_216]);
      const { code, data } = await daemon.fault('session/create', { limits: { memoryBytes: 16_777_217 } });
      expect([code, data.rule, data.maximum]).to.deep.equal([1032, 'maxLimits.memoryBytes', 16_777_216]);
    }));

  it('are named where they forbid what the configuration file allows, and not where that file forbids it', () =>
    withDaemon({ config: { allowedImages: ['mine'], maxLimits: { cpus: 2 }, network: { modes: ['none', 'full'] } } }, async (daemon) => {
      const file = 'the initializationOptions of the client';
      const above = await daemon.server.initialize({ initializationOptions: { limits: { pids: 99 }, maxLimits: { pids: 98 } } });
      expect([above.error?.message, above.error?.data.file]).to.deep.equal([`pids may be at most 98; ask for less, or raise maxLimits.pids in ${file}`, file]);
      await daemon.settle();
      await daemon.initialize({ initializationOptions: { maxLimits: { pids: 99, cpus: 64 }, network: { modes: ['none'] }, allowedImages: [] } });
      for (const params of [{ limits: { pids: 100 } }, { network: { mode: 'full' } }, { image: 'mine' }]) {
        const { message, data } = await daemon.fault('session/create', params);
        expect(message).to.match(new RegExp(` (?:in|into) ${file}$`));
        expect(data.file).to.equal(file);
      }
      const { message, data } = await daemon.fault('session/create', { limits: { cpus: 3 } });
      expect(message).to.match(/ in the configuration file$/);
      expect(data).not.to.have.property('file');
    }));
});

describe("a project's configuration file", () => {
  const folder = temporaryFolder();

  const project = (name: string, text: string) => {
    const path = join(folder(), name);
    mkdirSync(path);
    writeFileSync(join(path, '.codebeaker.json'), text);
    return { uri: pathToFileURL(path).href, name };
  };

  it('narrows the policy', () =>
    withDaemon({}, async (daemon) => {
      const workspaceFolders = [project('a', '{"sessions": {"max": 4, "idleTimeoutMs": 100}}')];
      expect(await sessionsOf(daemon, { workspaceFolders })).to.deep.equal({ ...usual, maxSessions: 4, idleTimeoutMs: 100 });
      expect(daemon.received('window/logMessage')).to.deep.equal([]);
    }));

  it('narrows the policy together with the files of other folders and the options of the client', () =>
    withDaemon({ config: { sessions: { max: 8 } } }, async (daemon) => {
      const workspaceFolders = [project('a', '{"sessions": {"max": 4}}'), project('b', '{"sessions": {"max": 6, "maxLifetimeMs": 50}}'), { uri: 'untitled:x', name: 'x' }];
      const initializationOptions = { sessions: { max: 5 }, preference: 'speed' };
      expect(await sessionsOf(daemon, { workspaceFolders, initializationOptions })).to.include({ maxSessions: 4, maxLifetimeMs: 50 });
    }));

  it('is not read if the client does not trust the workspace (F-B2)', () =>
    withDaemon({}, async (daemon) => {
      const workspaceFolders = [project('a', '{"sessions": {"max": 4}}'), project('b', 'wrong')];
      expect(await sessionsOf(daemon, { workspaceFolders, trusted: false })).to.deep.equal(usual);
      expect(daemon.received('window/logMessage')).to.deep.equal([]);
    }));

  const faulty: Record<string, [text: string, message: string]> = {
    'text that is not JSON': ['{', 'it is not valid JSON'],
    'an unknown key': ['{"sesions": {}}', 'sesions: no such key'],
    'more than is allowed': ['{"sessions": {"max": 1}, "limits": {"memoryBytes": 1e15}}', 'limits.memoryBytes: must be at most'],
    'an image of its own': ['{"images": {"python": "evil"}}', 'the image evil is not allowed'],
    'an engine of its own': ['{"docker": {"host": "unix:///tmp/evil"}}', 'docker can only be set in the configuration file'],
    'a log of its own': ['{"log": {"file": "/tmp/evil"}}', 'log can only be set in the configuration file'],
  };
  for (const [name, [text, message]] of Object.entries(faulty)) {
    it(`lets no session be made if it can't be followed, and the user gets a message (C7, F-B2): ${name}`, () =>
      withDaemon({}, async (daemon) => {
        await daemon.initialize({ workspaceFolders: [project('a', text), project('b', '{}')] });
        const [told, ...more] = daemon.received('window/logMessage');
        expect([told.type, more.length]).to.deep.equal([2, 0]);
        expect(told.message).to.match(/^no session can be made while \.codebeaker\.json can't be followed: /).and.to.contain(message);
        expect(told.message).not.to.contain(folder());
        const { code, message: refusal, data } = await daemon.fault('session/create', { language: 'python' });
        expect([code, refusal, data.policy]).to.deep.equal([errorCodes.PolicyDenied, told.message, 'project']);
        // The log of a daemon may go where the person reads the message already.
        expect(daemon.server.lines.filter(({ message: line, level }) => line.includes("can't be followed") && level !== 'info')).to.deep.equal([]);
      }));
  }
});

describe('the daemon describes itself', () => {
  it('as healthy if at least one runtime is available', () =>
    withDaemon({ others: [{ id: 'other' }] }, async (daemon) => {
      await daemon.initialize();
      await daemon.session();
      await daemon.server.clock.advance(1500.4);
      (daemon.runtimes[1] as { reason?: string }).reason = 'not installed';
      const health = await daemon.result('server/health');
      expect(parse(HealthResult, health)).to.deep.equal(health);
      expect(health).to.deep.equal({
        status: 'ok',
        checks: [
          { name: 'runtime.fake', status: 'ok' },
          { name: 'runtime.other', status: 'off', detail: 'not installed' },
          { name: 'eventLoop', status: 'ok' },
          { name: 'draining', status: 'ok' },
          { name: 'sessions', status: 'ok', detail: '1 open' },
        ],
        uptimeMs: 1500,
      });
    }));

  it('as degraded if no runtime is available', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      daemon.runtime.reason = 'gone';
      expect(await daemon.result('server/health')).to.deep.include({ status: 'degraded' });
      expect((await daemon.result('runtime/list')).runtimes).to.deep.equal([daemon.runtime.info()]);
    }));

  it('as healthy with a runtime that is degraded, if a hole is open in what makes its sandboxes (F-B6)', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const info = daemon.runtime.info();
      daemon.runtime.info = () => ({ ...info, weaknesses: [...weaknessesOf('Docker Desktop', '4.38.0'), ...weaknessesOf('runc', '1.1.5+ds1')] });
      expect((await daemon.result('server/health')).checks[0]).to.deep.equal({ name: 'runtime.fake', status: 'ok' });
      daemon.runtime.info = () => ({ ...info, weaknesses: weaknessesOf('runc', '1.2.5') });
      const health = await daemon.result('server/health');
      expect(health.status).to.equal('ok');
      expect(health.checks[0]).to.deep.equal({
        name: 'runtime.fake', status: 'degraded',
        detail: 'runc 1.2.5 lets a container write to files of /proc that are masked, and so get out to the host (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881); update it to 1.2.8, 1.3.3, 1.4.0-rc.3 or later',
      });
    }));

  it('with an OpenRPC document', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const { openrpc, info, methods: described } = await daemon.result('rpc.discover');
      expect([openrpc, info.version]).to.deep.equal(['1.3.2', '9.9.9']);
      expect(described.map(({ name }: { name: string }) => name)).to.include.members(['session/create', 'command/runCode']);
    }));
});
