/** The methods about sessions, from the request of a client to its answer. */
import { expect } from 'chai';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deferred } from '../../server/src/base/promises.ts';
import { defaultImages, defaultLimits } from '../../server/src/policy/defaults.ts';
import { type ErrorKind, errorCodes, ProtocolError } from '../../server/src/protocol/index.ts';
import type { CreateContext } from '../../server/src/runtime/ports.ts';
import { fakePackages } from '../fakes/packages.ts';
import { temporaryFolder } from '../policy/folder.ts';
import { type DaemonOptions, withDaemon } from './daemon.ts';
import { notification, request } from '../wire/wire.ts';

const ready = (test: Parameters<typeof withDaemon>[1], options: DaemonOptions = {}, params: object = {}) =>
  withDaemon(options, async (daemon) => {
    await daemon.initialize(params);
    await test(daemon);
  });

describe('session/create', () => {
  it('creates a session with the configured defaults', () =>
    ready(async (daemon) => {
      const session = await daemon.result('session/create', { language: 'python', label: 'l' });
      expect(session).to.deep.include({ label: 'l', language: 'python', runtime: 'fake', state: 'ready', limits: defaultLimits, network: { mode: 'none' }, idleTimeoutMs: 1_800_000, maxLifetimeMs: 7_200_000 });
      expect(daemon.sandbox.spec).to.deep.equal({ name: session.sessionId, language: 'python', image: defaultImages.python, limits: defaultLimits, workspace: undefined });
    }));

  it('creates a session with what the client asks for', () =>
    ready(async (daemon) => {
      const params = { limits: { pids: 9, timeoutMs: 0 }, idleTimeoutMs: 50, maxLifetimeMs: 70, env: { A: 'b' }, network: { mode: 'allowlist', hosts: [] }, strict: true, secrets: {}, runtime: 'fake', preference: 'speed' };
      const session = await daemon.result('session/create', params);
      expect(session).to.deep.include({ idleTimeoutMs: 50, maxLifetimeMs: 70, network: { mode: 'none' } });
      expect(session).not.to.have.any.keys('label', 'language');
      expect(session.limits).to.deep.equal({ ...defaultLimits, pids: 9, timeoutMs: 0 });
      expect(daemon.sandbox.spec.image).to.equal(defaultImages.shellscript);
      const { sessionId } = session;
      expect((await daemon.result('command/executeShell', { sessionId, command: 'env A' })).stdout).to.equal('b');
    }));

  const refused: Record<string, [params: object, kind: ErrorKind, path?: string]> = {
    'a secret that is a variable, too': [{ secrets: { A: 'hunter2' }, env: { A: 'hunter2' } }, 'InvalidParams', 'secrets.A'],
    'an overlay': [{ workspace: { uri: 'file:///tmp', access: 'overlay' } }, 'InvalidParams', 'workspace.access'],
    'another access': [{ workspace: { uri: 'file:///tmp', access: 'write' } }, 'InvalidParams', 'workspace.access'],
    'an unknown language': [{ language: 'cobol' }, 'InvalidParams', 'language'],
    'an image for a runtime without images': [{ runtime: 'fake', image: defaultImages.python }, 'InvalidParams', 'image'],
    'too little memory (L19)': [{ limits: { memoryBytes: 64 } }, 'InvalidParams', 'limits.memoryBytes'],
    'too little of a processor (L19)': [{ limits: { cpus: 0.0001 } }, 'InvalidParams', 'limits.cpus'],
    'one process (L19)': [{ limits: { pids: 1 } }, 'InvalidParams', 'limits.pids'],
    'too little of a disk (L19)': [{ limits: { diskBytes: 1000 } }, 'InvalidParams', 'limits.diskBytes'],
    'a limit above the maximum (L19)': [{ limits: { memoryBytes: 1e15 } }, 'PolicyDenied'],
    'the network': [{ network: { mode: 'full' } }, 'PolicyDenied'],
    'some of the network': [{ network: { mode: 'allowlist', hosts: ['a'] } }, 'PolicyDenied'],
    'an image that is not allowed': [{ image: 'evil' }, 'PolicyDenied'],
    'an unknown runtime': [{ runtime: 'vmware' }, 'RuntimeUnavailable'],
    'a language that no runtime has': [{ language: 'go' }, 'LanguageUnsupported'],
    'a folder that is not open': [{ workspace: { uri: 'file:///tmp', access: 'copy' } }, 'PolicyDenied'],
  };
  for (const [name, [params, kind, path]] of Object.entries(refused)) {
    it(`refuses ${name}, and ends any progress that it has begun`, () =>
      ready(async (daemon) => {
        const { code, data, message } = await daemon.fault('session/create', { ...params, workDoneToken: 't' });
        expect([code, data.kind]).to.deep.equal([errorCodes[kind], kind]);
        if (path !== undefined) expect(data.issues.map((issue: { path: string }) => issue.path)).to.deep.equal([path]);
        expect(JSON.stringify([data, message])).not.to.contain('hunter2');
        const kinds = daemon.received('$/progress').map(({ value }) => value.kind);
        expect(kinds.filter((each) => each === 'begin')).to.have.lengthOf(kinds.filter((each) => each === 'end').length);
        expect(daemon.runtime.made).to.deep.equal([]);
      }));
  }

  it('says why a runtime is not available', () =>
    ready(async (daemon) => {
      daemon.runtime.reason = 'no engine answers';
      const { code, data } = await daemon.fault('session/create', { language: 'python' });
      expect([code, data]).to.deep.equal([1010, { kind: 'RuntimeUnavailable', runtime: 'fake', reason: 'no engine answers', hint: 'codebeaker doctor says what to do', candidates: [{ runtime: 'fake', score: data.candidates[0].score, eligible: false, reasons: ['no engine answers'] }] }]);
    }));

  it('with an image chooses a runtime that has images', () =>
    ready(async (daemon) => {
      const session = await daemon.result('session/create', { language: 'python', image: defaultImages.python, preference: 'speed' });
      expect([session.runtime, session.image]).to.deep.equal(['box', defaultImages.python]);
    }, { others: [{ id: 'box', image: 'any' }] }));

  it('is refused beyond the maximum', () =>
    ready(async (daemon) => {
      await daemon.session();
      expect((await daemon.fault('session/create')).code).to.equal(1003);
    }, { config: { sessions: { max: 1 } } }));

  it('is refused beyond the maximum that the client has set for itself', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize({ initializationOptions: { sessions: { max: 1 } } });
      await daemon.session();
      expect((await daemon.fault('session/create')).code).to.equal(1003);
    }));

  it('with strict refuses a sandbox that is not fully enforced', () =>
    ready(async (daemon) => {
      const { code, data } = await daemon.fault('session/create', { strict: true });
      expect([code, data.layers]).to.deep.equal([1014, [{ name: 'memory', state: 'off' }]]);
    }, { isolation: { score: 1, layers: [{ name: 'memory', state: 'off' }] } }));

  it('passes on the error of a runtime', () =>
    ready(async (daemon) => {
      const { code, message, data } = await daemon.fault('session/create');
      expect([code, message, data]).to.deep.equal([1012, 'no disk', { kind: 'SandboxFailed', errno: 'ENOSPC' }]);
    }, { creating: () => Promise.reject(new ProtocolError('SandboxFailed', 'no disk', { errno: 'ENOSPC' })) }));
});

describe('a shared folder over the wire', () => {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder(), name);
  const uri = (name: string) => pathToFileURL(at(name)).href;
  const open = () => {
    for (const name of ['ws/sub', 'wsEVIL', 'keys']) mkdirSync(at(name), { recursive: true });
    symlinkSync(at('keys'), at('ws/keys'));
    return { workspaceFolders: [{ uri: uri('ws'), name: 'ws' }] };
  };

  it('is passed to the runtime by its real path', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize(open());
      await daemon.session({ workspace: { uri: uri('ws/sub'), access: 'readOnly' } });
      expect(daemon.sandbox.spec.workspace).to.deep.equal({ path: at('ws/sub'), access: 'readOnly' });
    }));

  it('is not in the sandbox of an installation', async () => {
    const packages = fakePackages();
    try {
      await withDaemon({ packages }, async (daemon) => {
        await daemon.initialize(open());
        const sessionId = await daemon.session({ workspace: { uri: uri('ws/sub'), access: 'readWrite' } });
        await daemon.result('command/installPackages', { sessionId, packages: ['one'] });
        expect(daemon.runtime.made.map(({ spec: { workspace } }) => workspace?.path)).to.deep.equal([at('ws/sub'), undefined]);
      });
    } finally {
      packages.dispose();
    }
  });

  const refused: Record<string, [ask: string, code: number, trusted?: boolean]> = {
    'if it was not opened': ['wsEVIL', 1032],
    'if a link leads to a hidden folder': ['ws/keys', 1032],
    'if it does not exist': ['ws/none', 1021],
    'if the workspace is not trusted': ['ws/sub', 1033, false],
  };
  for (const [name, [ask, code, trusted = true]] of Object.entries(refused)) {
    it(`is refused ${name}`, () =>
      withDaemon({}, async (daemon) => {
        await daemon.initialize({ ...open(), trusted });
        const fault = await daemon.fault('session/create', { workspace: { uri: uri(ask), access: 'copy' } });
        expect([fault.code, fault.message.includes(folder())]).to.deep.equal([code, false]);
      }));
  }

  it('is refused if it is one of the hidden places', async () => {
    const params = open();
    await withDaemon({ hidden: [at('ws/sub')] }, async (daemon) => {
      await daemon.initialize(params);
      expect((await daemon.fault('session/create', { workspace: { uri: uri('ws'), access: 'copy' } })).data.rule).to.equal('hidden');
    });
  });
});

describe('progress', () => {
  const told = (daemon: { received(method: string): { token: unknown; value: { kind: string; message?: string; percentage?: number } }[] }) =>
    daemon.received('$/progress').map(({ token, value }) => [token, value.kind, value.message, value.percentage]);

  const pulling = async (_: unknown, { report }: CreateContext) => {
    for (const percentage of [0, 50, 100]) {
      report('pulling', percentage);
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    report('starting');
  };

  for (const token of ['t', 0, 7]) {
    it(`begins, reports and ends before the answer: token ${JSON.stringify(token)}`, () =>
      ready(async (daemon) => {
        await daemon.session({ workDoneToken: token });
        expect(told(daemon)).to.deep.equal([
          [token, 'begin', undefined, undefined],
          [token, 'report', 'pulling', 0],
          [token, 'report', 'pulling', 50],
          [token, 'report', 'pulling', 100],
          [token, 'report', 'starting', undefined],
          [token, 'end', undefined, undefined],
        ]);
        const { received } = daemon.wire;
        expect(received.findIndex(({ result }) => result?.sessionId)).to.equal(received.length - 1);
      }, { creating: pulling }));
  }

  it('is not sent without a token', () =>
    ready(async (daemon) => {
      await daemon.session();
      expect(told(daemon)).to.deep.equal([]);
    }, { creating: pulling }));

  it('ends before the answer also if no session is created', () =>
    ready(async (daemon) => {
      await daemon.fault('session/create', { workDoneToken: 't' });
      expect(told(daemon).map(([, kind]) => kind)).to.deep.equal(['begin', 'report', 'end']);
      expect(daemon.wire.received.at(-1)?.error).not.to.equal(undefined);
    }, { creating: () => Promise.reject(new ProtocolError('SandboxFailed', 'no')) }));

  it('sends nothing after it has ended', () => {
    let report: CreateContext['report'] = () => undefined;
    return ready(async (daemon) => {
      await daemon.session({ workDoneToken: 't' });
      const before = told(daemon).length;
      report('late');
      await daemon.settle();
      expect(told(daemon)).to.have.lengthOf(before);
    }, { creating: (_, context) => void ({ report } = context) });
  });

  const cancels: Record<string, object> = {
    'by its id': notification('$/cancelRequest', { id: 'create' }),
    'by its token': notification('window/workDoneProgress/cancel', { token: 't' }),
  };
  for (const [name, cancel] of Object.entries(cancels)) {
    it(`is cancelled ${name}: the request is answered -32800, and nothing is left behind`, () => {
      const begun = deferred();
      const creating = (_: unknown, { signal }: CreateContext) =>
        new Promise<void>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          begun.resolve();
        });
      return ready(async (daemon) => {
        const answer = daemon.wire.ask('create', 'session/create', { workDoneToken: 't' });
        await begun.promise;
        daemon.wire.send(notification('window/workDoneProgress/cancel', { token: 'other' }), cancel);
        expect((await answer).error?.code).to.equal(-32800);
        expect(told(daemon).at(-1)).to.include.members(['t', 'end']);
        expect((await daemon.result('session/list')).sessions).to.deep.equal([]);
      }, { creating });
    });
  }
});

describe('session/stateChanged', () => {
  const changes = (daemon: { received(method: string): { state: string; reason?: string }[] }) =>
    daemon.received('session/stateChanged').map(({ state, reason }) => (reason ? `${state} ${reason}` : state));

  for (const capabilities of [{}, { session: {} }, { session: { stateChanged: false } }]) {
    it(`is not sent to a client with ${JSON.stringify(capabilities)}`, () =>
      ready(async (daemon) => {
        const sessionId = await daemon.session();
        await daemon.result('command/executeShell', { sessionId, command: 'echo' });
        await daemon.result('session/close', { sessionId });
        expect(changes(daemon)).to.deep.equal([]);
      }, {}, { capabilities }));
  }

  const ends: Record<string, (daemon: Parameters<Parameters<typeof withDaemon>[1]>[0], sessionId: string) => unknown> = {
    client: (daemon, sessionId) => daemon.result('session/close', { sessionId }),
    idle: (daemon) => daemon.server.clock.advance(100),
    sandboxLost: (daemon) => daemon.sandbox.destroy(),
    shutdown: (daemon) => daemon.ask('shutdown'),
  };
  for (const [reason, end] of Object.entries(ends)) {
    it(`reports every state, and why the session closed: ${reason}`, () =>
      ready(async (daemon) => {
        const sessionId = await daemon.session({ idleTimeoutMs: 100 });
        await daemon.result('command/executeShell', { sessionId, command: 'echo' });
        await end(daemon, sessionId);
        await daemon.settle();
        expect(changes(daemon)).to.deep.equal(['ready', 'busy', 'ready', `closing ${reason}`, `closed ${reason}`]);
        expect(new Set(daemon.received('session/stateChanged').map((each) => each.sessionId))).to.deep.equal(new Set([sessionId]));
      }, {}, { capabilities: { session: { stateChanged: true } } }));
  }
});

describe('the life of a session', () => {
  it('is listed until the session is closed', () =>
    ready(async (daemon) => {
      const [first, second] = [await daemon.session(), await daemon.session()];
      const ids = async () => (await daemon.result('session/list')).sessions.map((session: { sessionId: string }) => session.sessionId);
      expect(await ids()).to.deep.equal([first, second]);
      expect(await daemon.result('session/close', { sessionId: first })).to.deep.equal({ sessionId: first, closed: true });
      expect(await ids()).to.deep.equal([second]);
      const { code, data } = await daemon.fault('session/close', { sessionId: first });
      expect([code, data.reason]).to.deep.equal([1002, 'client']);
      expect((await daemon.fault('session/close', { sessionId: 'none' })).code).to.equal(1001);
    }));

  it('ends once, also if several requests close it', () => {
    const gate = deferred();
    return ready(async (daemon) => {
      const sessionId = await daemon.session();
      const answers = [daemon.ask('session/close', { sessionId }), daemon.ask('session/close', { sessionId })];
      await daemon.settle();
      gate.resolve();
      expect((await Promise.all(answers)).map(({ result }) => result?.closed)).to.deep.equal([true, true]);
    }, { closing: () => gate.promise });
  });

  it('ends together with its commands, which are answered with a result', () =>
    ready(async (daemon) => {
      const sessionId = await daemon.session();
      const running = daemon.ask('command/executeShell', { sessionId, command: 'echo one\nforever' });
      await daemon.settle();
      await daemon.result('session/close', { sessionId });
      expect((await running).result).to.include({ outcome: 'cancelled', stdout: 'one\n' });
    }));

  it('ends when its sandbox is lost: running commands get a result, and later ones are refused with the reason', () =>
    ready(async (daemon) => {
      const sessionId = await daemon.session();
      const running = daemon.ask('command/executeShell', { sessionId, command: 'forever' });
      await daemon.settle();
      daemon.sandbox.destroy();
      expect((await running).result).to.include({ outcome: 'sandboxLost' });
      const { code, data } = await daemon.fault('command/executeShell', { sessionId, command: 'echo' });
      expect([code, data.reason]).to.deep.equal([1002, 'sandboxLost']);
    }));

  it('ends with the connection, whatever runs', () =>
    ready(async (daemon) => {
      const sessionId = await daemon.session();
      const running = daemon.ask('command/executeShell', { sessionId, command: 'immortal\nforever', commandId: 'c' });
      const writing = daemon.ask('command/writeFile', { sessionId, path: 'a', content: '' });
      daemon.wire.send(request('late', 'session/create', {}), request('bye', 'shutdown'));
      await daemon.settle();
      daemon.wire.send(notification('exit'));
      expect((await running).result?.outcome).to.equal('cancelled');
      expect((await writing).result?.bytes).to.equal(0);
      expect(await daemon.server.connection.done).to.equal(0);
    }));

  for (const [kind, code] of [['RuntimeUnavailable', 1010], ['SandboxFailed', 1012]] as const) {
    it(`ends with what the engine said while its sandbox was removed: ${kind}`, () =>
      ready(async (daemon) => {
        const sessionId = await daemon.session();
        expect((await daemon.fault('session/close', { sessionId })).code).to.equal(code);
        expect((await daemon.fault('session/close', { sessionId })).code).to.equal(1002);
      }, { closing: () => Promise.reject(new ProtocolError(kind, 'the engine gives no answer')) }));
  }

  it('ends with an error if its sandbox cannot be removed', () =>
    ready(async (daemon) => {
      const sessionId = await daemon.session();
      expect((await daemon.fault('session/close', { sessionId })).code).to.equal(-32603);
      expect((await daemon.fault('session/close', { sessionId })).code).to.equal(1002);
    }, { closing: () => Promise.reject(new Error('the engine hangs')), errors: ['session/close failed'] }));
});
