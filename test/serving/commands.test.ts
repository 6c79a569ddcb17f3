/** Commands, from the request of a client to its answer. */
import { expect } from 'chai';
import { deferred } from '../../server/src/base/promises.ts';
import { MAX_FILE_BYTES } from '../../server/src/runtime/ports.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from './daemon.ts';
import { notification, request } from '../wire/wire.ts';

const within = (test: (daemon: TestDaemon, sessionId: string) => Promise<void>, options: DaemonOptions = {}, capabilities: object = {}) =>
  withDaemon(options, async (daemon) => {
    await daemon.initialize({ capabilities });
    await test(daemon, await daemon.session());
  });

const stable = ({ durationMs: _, ...result }: { durationMs?: number }) => result;

describe('session/execute', () => {
  const commands: Record<string, object> = {
    writeFile: { path: 'a', content: 'echo hi' },
    readFile: { path: 'a' },
    createDirectory: { path: 'd' },
    copyFile: { source: 'a', destination: 'd/b' },
    deleteFile: { path: 'd/b' },
    listDirectory: {},
    executeShell: { command: 'echo hi' },
    runCode: { path: 'a' },
  };

  it('gives for every command the same answer as the method of the command', async () => {
    const answers = async (ask: (daemon: TestDaemon, sessionId: string, type: string, params: object) => Promise<object>) => {
      const all: object[] = [];
      await within(async (daemon, sessionId) => {
        for (const [type, params] of Object.entries(commands)) all.push(stable(await ask(daemon, sessionId, type, params)));
      });
      return JSON.parse(JSON.stringify(all, (key, value: unknown) => (key === 'mtimeMs' ? 0 : value))) as object[];
    };
    const direct = await answers((daemon, sessionId, type, params) => daemon.result(`command/${type}`, { sessionId, ...params }));
    const wrapped = await answers((daemon, sessionId, type, params) => daemon.result('session/execute', { sessionId, command: { type, ...params } }));
    expect(wrapped).to.deep.equal(direct);
    expect(wrapped).to.have.lengthOf(8);
  });

  const wrong: Record<string, [command: unknown, ...paths: string[]]> = {
    'an unknown type': [{ type: 'format' }, 'command.type'],
    'a type from the prototype': [{ type: 'constructor' }, 'command.type'],
    'a command without a session': [{ type: 'signal', commandId: 'c', signal: 'SIGINT' }, 'command.type'],
    'a notification': [{ type: 'input', commandId: 'c', data: '' }, 'command.type'],
    'another method': [{ type: '../session/close' }, 'command.type'],
    'a very long type': [{ type: 'x'.repeat(100_000) }, 'command.type'],
    'no type': [{}, 'command.type'],
    'no command': [undefined, 'command'],
    'wrong params': [{ type: 'writeFile', path: 1, content: [] }, 'command.path', 'command.content'],
    'missing params': [{ type: 'copyFile', source: 'a' }, 'command.destination'],
    'wrong nested params': [{ type: 'executeShell', command: ['a', 'b\0'] }, 'command.command.1'],
  };
  for (const [name, [command, ...paths]] of Object.entries(wrong)) {
    it(`names the path of the error: ${name}`, () =>
      within(async (daemon, sessionId) => {
        const { code, data, message } = await daemon.fault('session/execute', { sessionId, command });
        expect([code, data.issues.map(({ path }: { path: string }) => path), message.length < 1000]).to.deep.equal([-32602, paths, true]);
      }));
  }

  it('acts in the session of its own sessionId, whatever the command contains', () =>
    within(async (daemon, sessionId) => {
      const command = { type: 'executeShell', command: 'echo hi', sessionId: 'other' };
      expect((await daemon.result('session/execute', { sessionId, command })).stdout).to.equal('hi\n');
      expect((await daemon.fault('session/execute', { sessionId: 'other', command })).code).to.equal(1001);
    }));

  it('streams output as the method of the command does', () =>
    within(async (daemon, sessionId) => {
      await daemon.result('session/execute', { sessionId, command: { type: 'executeShell', command: 'echo hi', commandId: 'c' } });
      expect(daemon.received('command/output')).to.deep.equal([{ commandId: 'c', stream: 'stdout', seq: 0, data: 'hi\n', encoding: 'utf-8' }]);
    }));
});

describe('executions over the wire', () => {
  it('have one stream for both outputs where stderr is to be stdout (L20)', () =>
    within(async (daemon, sessionId) => {
      await daemon.result('command/writeFile', { sessionId, path: 'a', content: 'warn a\necho b' });
      for (const [method, what] of [['command/executeShell', { command: 'warn a\necho b' }], ['command/runCode', { path: 'a' }]] as const) {
        const one = await daemon.result(method, { sessionId, ...what, stderrToStdout: true });
        expect([one.stdout, one.stderr, one.stdoutBytes, one.stderrBytes]).to.deep.equal(['a\nb\n', '', 4, 0]);
        const two = await daemon.result(method, { sessionId, ...what });
        expect([two.stdout, two.stderr]).to.deep.equal(['b\n', 'a\n']);
      }
    }));

  it('are answered with their result so far when they are cancelled', () =>
    within(async (daemon, sessionId) => {
      const running = daemon.wire.ask('run', 'command/executeShell', { sessionId, command: 'echo one\nforever' });
      await daemon.settle();
      daemon.wire.send(notification('$/cancelRequest', { id: 'run' }));
      const { result, error } = await running;
      expect([error, result.outcome, result.stdout]).to.deep.equal([undefined, 'cancelled', 'one\n']);
    }));

  it('can be cancelled in session/execute and while they compile', () =>
    within(async (daemon, sessionId) => {
      const running = daemon.wire.ask('run', 'session/execute', { sessionId, command: { type: 'runCode', code: '' } });
      await daemon.settle();
      daemon.wire.send(notification('$/cancelRequest', { id: 'run' }));
      expect((await running).result).to.deep.include({ outcome: 'cancelled' });
    }, { phases: () => [{ name: 'compile', command: ['fake', 'forever'], env: {} }, { name: 'run', command: ['fake', 'echo'], env: {} }] }));

  it('send nothing after they are answered', () =>
    within(async (daemon, sessionId) => {
      await daemon.result('command/executeShell', { sessionId, command: 'echo one', commandId: 'c' });
      const running = daemon.wire.ask('run', 'command/executeShell', { sessionId, command: 'forever', commandId: 'd' });
      await daemon.settle();
      const process = daemon.sandbox.processes.at(-1);
      daemon.wire.send(notification('$/cancelRequest', { id: 'run' }));
      await running;
      await process?.print('stdout', 'late');
      await daemon.settle();
      expect(daemon.received('command/output')).to.have.lengthOf(1);
      expect(daemon.wire.received.at(-1)?.id).to.equal('run');
    }));

  it('do not keep other sessions waiting', () =>
    within(async (daemon, sessionId) => {
      const gate = deferred();
      daemon.sandbox.files.doing = () => gate.promise;
      const held = daemon.ask('command/readFile', { sessionId, path: 'a' });
      const other = await daemon.session();
      expect((await daemon.result('command/executeShell', { sessionId: other, command: 'echo on' })).stdout).to.equal('on\n');
      gate.resolve();
      await held;
    }));
});

describe('file commands over the wire', () => {
  it('are answered -32800 when they are cancelled', () =>
    within(async (daemon, sessionId) => {
      const gate = deferred();
      daemon.sandbox.files.doing = () => gate.promise;
      const writing = daemon.wire.ask('write', 'command/writeFile', { sessionId, path: 'a', content: '' });
      await daemon.settle();
      daemon.wire.send(notification('$/cancelRequest', { id: 'write' }));
      expect((await writing).error?.code).to.equal(-32800);
      gate.resolve();
      expect((await daemon.result('command/readFile', { sessionId, path: 'a' })).size).to.equal(0);
    }));

  it('carry at most 32 MiB', () =>
    within(async (daemon, sessionId) => {
      const content = Buffer.alloc(MAX_FILE_BYTES).toString('base64');
      expect((await daemon.result('command/writeFile', { sessionId, path: 'a', content, encoding: 'base64' })).bytes).to.equal(MAX_FILE_BYTES);
      const { code, data } = await daemon.fault('command/writeFile', { sessionId, path: 'b', content: 'x'.repeat(MAX_FILE_BYTES + 1) });
      expect([code, data.maxBytes]).to.deep.equal([1024, MAX_FILE_BYTES]);
    })).timeout(60_000);

  it('need a session that exists', () =>
    within(async (daemon) => {
      for (const [method, params] of Object.entries({ writeFile: { path: 'a', content: '' }, readFile: { path: 'a' }, listDirectory: {}, executeShell: { command: '' }, runCode: { code: '' } })) {
        expect((await daemon.fault(`command/${method}`, { sessionId: 'none', ...params })).code).to.equal(1001);
      }
    }));
});

describe('secrets', () => {
  const CANARY = 'hunter2-canary';

  it('are in no error, trace or line of the log (F-D10, F-E7)', () =>
    withDaemon({}, async (daemon) => {
      await daemon.initialize({ trace: 'verbose' });
      const sessionId = await daemon.session({ env: { TOKEN: CANARY } });
      const secret = { sessionId, env: { KEY: CANARY } };
      const faults: [method: string, params: object][] = [
        ['session/create', { secrets: { TOKEN: CANARY }, env: { TOKEN: CANARY } }],
        ['session/create', { secrets: { TOKEN: CANARY }, language: 'go' }],
        ['session/create', { env: { 'NOT-A-NAME': CANARY } }],
        ['session/create', { env: { TOKEN: CANARY }, language: 'go' }],
        ['session/create', { env: { TOKEN: CANARY }, runtime: 'none' }],
        ['command/executeShell', { ...secret, command: 'env KEY', cwd: '/etc' }],
        ['command/executeShell', { ...secret, command: 'env KEY', cwd: 'none' }],
        ['command/executeShell', { ...secret, command: 'env KEY', timeoutMs: -1 }],
        ['command/executeShell', { ...secret, env: { KEY: `${CANARY}\0` }, command: 'env KEY' }],
        ['command/runCode', { ...secret, code: '', language: 'go' }],
        ['command/runCode', { ...secret }],
        ['session/execute', { sessionId, command: { type: 'runCode', env: { KEY: CANARY }, path: '..' } }],
      ];
      for (const [method, params] of faults) await daemon.fault(method, params);
      daemon.sandbox.destroy();
      await daemon.settle();
      await daemon.fault('command/executeShell', { ...secret, command: 'env KEY' });
      expect(JSON.stringify(daemon.wire.received)).not.to.contain(CANARY);
      expect(daemon.server.lines.map(({ message, fault }) => `${message} ${String(fault)} ${JSON.stringify(fault)}`).join('\n')).not.to.contain(CANARY);
    }));
});

describe('messages to a running command', () => {
  const start = async (daemon: TestDaemon, sessionId: string, params: object) => {
    const running = daemon.ask('command/executeShell', { sessionId, command: 'cat', commandId: 'c', interactive: true, ...params });
    await daemon.settle();
    return { running, process: daemon.sandbox.processes.at(-1) };
  };

  it('are its input, in order', () =>
    within(async (daemon, sessionId) => {
      const { running } = await start(daemon, sessionId, {});
      const input = (params: object) => notification('command/input', { commandId: 'c', ...params });
      daemon.wire.send(input({ data: 'a' }), input({ data: 'w6k=', encoding: 'base64' }), input({ data: '!', encoding: 'base64' }), input({ data: 'z', end: true }));
      expect((await running).result.stdoutBytes).to.equal(4);
      expect(daemon.received('command/output').map(({ data }) => data).join('')).to.equal('aéz');
    }));

  it('are dropped, with a message for the user, if too much input is waiting', () =>
    within(async (daemon, sessionId) => {
      const { running, process } = await start(daemon, sessionId, {});
      if (process) process.write = () => new Promise(() => undefined);
      const data = 'x'.repeat(30 * 1024 * 1024);
      for (let turn = 0; turn < 3; turn += 1) daemon.wire.send(notification('command/input', { commandId: 'c', data }));
      await daemon.wire.find(({ method }) => method === 'window/logMessage');
      expect(daemon.received('window/logMessage')).to.deep.equal([{ type: 2, message: 'input for the command c was dropped, because too much input is waiting; wait with command/drain' }]);
      process?.stop({ kind: 'exited', code: 0 });
      await running;
    })).timeout(60_000);

  it('are never dropped if the client waits with command/drain', () =>
    within(async (daemon, sessionId) => {
      const { running, process } = await start(daemon, sessionId, { command: 'forever' });
      const gate = deferred();
      let taken = 0;
      if (process) process.write = async (bytes) => gate.promise.then(() => void (taken += bytes.length));
      daemon.wire.send(notification('command/input', { commandId: 'c', data: 'abc' }));
      const drained = daemon.ask('command/drain', { commandId: 'c' });
      const cancelled = daemon.wire.ask('drain', 'command/drain', { commandId: 'c' });
      await daemon.settle();
      daemon.wire.send(notification('$/cancelRequest', { id: 'drain' }));
      expect((await cancelled).error?.code).to.equal(-32800);
      gate.resolve();
      expect([(await drained).result, taken]).to.deep.equal([null, 3]);
      process?.stop({ kind: 'exited', code: 0 });
      await running;
      expect((await daemon.fault('command/drain', { commandId: 'c' })).code).to.equal(1004);
    }));

  it('are waited for by command/drain only until the command ends', () =>
    within(async (daemon, sessionId) => {
      const { running, process } = await start(daemon, sessionId, { command: 'forever' });
      if (process) process.write = () => new Promise(() => undefined);
      daemon.wire.send(notification('command/input', { commandId: 'c', data: 'abc' }));
      const drained = daemon.ask('command/drain', { commandId: 'c' });
      await daemon.settle();
      process?.stop({ kind: 'exited', code: 0 });
      expect((await drained).result).to.equal(null);
      await running;
    }));

  it('change its size and send signals', () =>
    within(async (daemon, sessionId) => {
      const { running, process } = await start(daemon, sessionId, { command: 'immortal\nforever', pty: { cols: 80, rows: 24 } });
      daemon.wire.send(notification('command/resize', { commandId: 'c', cols: 100, rows: 50 }));
      expect(await daemon.result('command/signal', { commandId: 'c', signal: 'SIGUSR1' })).to.equal(null);
      expect([process?.sizes, process?.signals]).to.deep.equal([[{ cols: 100, rows: 50 }], ['SIGUSR1']]);
      process?.stop({ kind: 'exited', code: 0 });
      await running;
    }));

  it('are answered 1004 if the command ends before a signal can reach it (C9)', () =>
    within(async (daemon, sessionId) => {
      const gate = deferred();
      daemon.sandbox.files.doing = () => gate.promise;
      const running = daemon.wire.ask('run', 'command/runCode', { sessionId, code: 'forever', commandId: 'c' });
      const told = daemon.fault('command/signal', { commandId: 'c', signal: 'SIGTERM' });
      daemon.wire.send(notification('$/cancelRequest', { id: 'run' }));
      gate.resolve();
      expect([(await told).code, (await running).result.outcome]).to.deep.equal([1004, 'cancelled']);
    }));

  it('have no effect if it does not exist', () =>
    within(async (daemon) => {
      daemon.wire.send(
        notification('command/input', { commandId: 'none', data: 'a' }),
        notification('command/resize', { commandId: 'none', cols: 1, rows: 1 }),
        notification('command/ack', { commandId: 'none', seq: 0 }),
      );
      const { code, data } = await daemon.fault('command/signal', { commandId: 'none', signal: 'SIGINT' });
      expect([code, data.commandId]).to.deep.equal([1004, 'none']);
      expect(daemon.received('window/logMessage')).to.deep.equal([]);
    }));

  for (const signal of ['SIGNONE', 'SIG', 'INT', 'SIGKILL; rm', '']) {
    it(`are refused if they name an unknown signal: ${JSON.stringify(signal)}`, () =>
      within(async (daemon, sessionId) => {
        const { running, process } = await start(daemon, sessionId, { command: 'forever' });
        const { code, data } = await daemon.fault('command/signal', { commandId: 'c', signal });
        expect([code, data.issues[0].path]).to.deep.equal([-32602, 'signal']);
        process?.stop({ kind: 'exited', code: 0 });
        await running;
      }));
  }

  it('reach exactly one command, because its id cannot be used twice', () =>
    within(async (daemon, sessionId) => {
      const { running, process } = await start(daemon, sessionId, { command: 'forever' });
      const { code, data } = await daemon.fault('command/executeShell', { sessionId, command: 'echo', commandId: 'c' });
      expect([code, data.issues[0].path]).to.deep.equal([-32602, 'commandId']);
      process?.stop({ kind: 'exited', code: 0 });
      await running;
      await daemon.result('command/executeShell', { sessionId, command: 'echo', commandId: 'c' });
    }));

  it('are refused for a terminal without a size', () =>
    within(async (daemon, sessionId) => {
      daemon.wire.send(request('x', 'command/executeShell', { sessionId, command: 'cat', pty: { cols: 0, rows: 24 } }));
      const { error } = await daemon.wire.find(({ id }) => id === 'x');
      expect(error?.data.issues[0].path).to.equal('pty.cols');
    }));
});
