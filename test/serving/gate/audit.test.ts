/** The step `audit` of the gate, and what else a connection has recorded: everything that is done, by whom, and nothing of what was in it. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import { type Disk, systemDisk } from '../../../server/src/audit/disk.ts';
import { mayBeRefused } from '../../../server/src/audit/calls.ts';
import { errorsOf } from '../../../server/src/protocol/error-guide.ts';
import { methods } from '../../../server/src/protocol/index.ts';
import type { AuditPolicy } from '../../../server/src/policy/audit.ts';
import { FakeWays } from '../../network/place.ts';
import { Client, echo } from '../../network/proxy.ts';
import { duplexPair } from '../../fakes/duplex.ts';
import { fakePackages } from '../../fakes/packages.ts';
import { filesIn, LogBench } from '../../audit/log-bench.ts';
import { temporaryFolder } from '../../policy/folder.ts';
import type { Json } from '../../wire/wire.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from '../daemon.ts';
import { resuming } from '../resuming.ts';

describe('the audit of a connection', () => {
  const folder = temporaryFolder();

  /** A daemon that keeps an audit log, which is written when the work is done. Resolves with the records. */
  async function audited(work: (daemon: TestDaemon, bench: LogBench) => Promise<void>, options: DaemonOptions = {}, { policy, disk, asks = false, capabilities = {} }: { policy?: Partial<AuditPolicy>; disk?: Disk; asks?: boolean; capabilities?: object } = {}): Promise<Json[]> {
    const bench = new LogBench(folder());
    const audit: DaemonOptions['audit'] = (clock) => bench.daemon({ clock, ...(policy && { policy }), ...(disk && { disk }) });
    await withDaemon({ audit, ...options }, async (daemon) => {
      await daemon.initialize({ clientInfo: { name: 'editor', version: '3' }, processId: 42, capabilities: { network: { requestAccess: asks }, ...capabilities } });
      await work(daemon, bench);
    });
    expect(await bench.faults()).to.deep.equal([]);
    return bench.records;
  }

  const told = (records: readonly Json[], kind: string) => records.filter((record) => record.kind === kind);
  const sha256 = (text: string) => hash('sha256', text);

  it('tells who the client is, and when it leaves', async () => {
    const records = told(await audited(async () => undefined), 'client');
    expect(records.map(({ event }) => event)).to.deep.equal(['connected', 'left']);
    expect(records[0]).to.deep.include({ visit: 'visit-1', name: 'editor', version: '3', processId: 42, trusted: true });
  });

  it('tells of sessions: what was asked, what was made, and why it was closed', async () => {
    const records = told(await audited(async (daemon) => {
      const sessionId = await daemon.session({ limits: { pids: 9 } });
      await daemon.result('session/close', { sessionId });
      await daemon.session();
    }), 'session');
    expect(records.map(({ event, method, reason }) => [event, method ?? reason])).to.deep.equal([
      ['done', 'session/create'], ['made', undefined], ['done', 'session/close'], ['closed', 'client'], ['done', 'session/create'], ['made', undefined], ['closed', 'shutdown'],
    ]);
    expect(records[1]).to.deep.include({ visit: 'visit-1', runtime: 'fake', language: 'python', network: { mode: 'none' } });
    expect(records[0]).to.deep.include({ language: 'python', limits: { pids: 9 }, sessionId: records[1]?.sessionId });
  });

  it('tells of sessions that are given up and attached, and by whom, and not with what', async () => {
    let token = '';
    const records = await audited(async (daemon) => {
      const { sessionId, resume: { resumeToken } } = await daemon.result('session/create', { language: 'python', resume: {} });
      token = resumeToken;
      await daemon.result('session/detach', { sessionId, graceMs: 5_000 });
      await daemon.fault('session/attach', { sessionId, resumeToken: 'wrong' });
      await daemon.result('session/attach', { sessionId, resumeToken });
    }, {}, { capabilities: resuming });
    expect(told(records, 'session').map(({ event, method, by, graceMs, to, error, reason }) => [event, method, by ?? to ?? error ?? reason, graceMs]).slice(2)).to.deep.equal([
      ['done', 'session/detach', undefined, undefined], ['detached', undefined, 'client', 5_000],
      ['done', 'session/attach', 'SessionNotFound', undefined],
      ['done', 'session/attach', undefined, undefined], ['attached', undefined, 'visit-1', undefined], ['closed', undefined, 'shutdown', undefined],
    ]);
    expect(JSON.stringify(records)).not.to.contain(token);
  });

  it('tells of commands: digests of what was run, and how it ended', async () => {
    const records = told(await audited(async (daemon) => {
      const sessionId = await daemon.session();
      await daemon.result('command/executeShell', { sessionId, command: 'echo hi' });
      await daemon.result('command/executeShell', { sessionId, command: ['echo', 'hi'] });
      await daemon.result('command/runCode', { sessionId, code: 'exit 3', args: ['a', 'b'] });
      await daemon.result('session/execute', { sessionId, command: { type: 'executeShell', command: 'echo alias' } });
    }), 'command');
    expect(records.map(({ event, call, method }) => [event, call, method])).to.deep.equal([
      ['done', 2, 'command/executeShell'], ['done', 3, 'command/executeShell'], ['done', 4, 'command/runCode'], ['done', 5, 'command/executeShell'],
    ]);
    expect(records[0]).to.deep.include({ commandLine: { bytes: 7, sha256: sha256('echo hi') }, outcome: 'exited', exitCode: 0, stdoutBytes: 3 });
    expect(records[1]).to.deep.include({ words: { count: 2, bytes: 7, sha256: sha256('echo\0hi') } });
    expect(records[2]).to.deep.include({ code: { bytes: 6, sha256: sha256('exit 3') }, args: { count: 2, bytes: 3, sha256: sha256('a\0b') }, exitCode: 3, language: 'python' });
  });

  it('tells that a command began, if it goes on for more than a moment', async () => {
    const records = told(await audited(async (daemon) => {
      const sessionId = await daemon.session();
      const running = daemon.result('command/executeShell', { sessionId, command: 'forever', commandId: 'c' });
      await daemon.server.clock.advance(100);
      await daemon.result('command/signal', { commandId: 'c', signal: 'SIGTERM' });
      await running;
    }), 'command');
    expect(records.map(({ event, call, method }) => [event, call, method])).to.deep.equal([['began', 2, 'command/executeShell'], ['done', 3, 'command/signal'], ['ended', 2, 'command/executeShell']]);
    expect(records[0]).to.deep.include({ commandLine: { bytes: 7, sha256: sha256('forever') } });
    expect(records[1]).to.deep.include({ commandId: 'c', signal: 'SIGTERM' });
    expect(records[2]).to.deep.include({ outcome: 'signaled', signal: 'SIGTERM', durationMs: 100 });
  });

  it('tells of files that are written, and of none that are read', async () => {
    const records = told(await audited(async (daemon) => {
      const sessionId = await daemon.session();
      await daemon.result('command/writeFile', { sessionId, path: 'a', content: 'text' });
      await daemon.result('command/writeFile', { sessionId, path: 'b', content: Buffer.from('text').toString('base64'), encoding: 'base64' });
      await daemon.result('command/readFile', { sessionId, path: 'a' });
      await daemon.result('command/listDirectory', { sessionId });
      await daemon.result('command/copyFile', { sessionId, source: 'a', destination: 'c' });
      await daemon.fault('command/copyFile', { sessionId, source: 'none', destination: 'c' });
      await daemon.result('command/createDirectory', { sessionId, path: 'd' });
      await daemon.fault('command/createDirectory', { sessionId, path: 'a' });
      await daemon.result('command/deleteFile', { sessionId, path: 'a' });
      await daemon.fault('command/deleteFile', { sessionId, path: 'a' });
    }), 'file');
    expect(records.filter(({ method }) => method === 'command/copyFile').map(({ destination }) => destination)).to.deep.equal(['/workspace/c', 'c']);
    expect(records.map(({ method, path, source, bytes, sha256: digest, error }) => [method, path ?? source, bytes, digest, error])).to.deep.equal([
      ['command/writeFile', '/workspace/a', 4, sha256('text'), undefined], ['command/writeFile', '/workspace/b', 4, sha256('text'), undefined],
      ['command/copyFile', '/workspace/a', undefined, undefined, undefined], ['command/copyFile', 'none', undefined, undefined, 'FileNotFound'],
      ['command/createDirectory', '/workspace/d', undefined, undefined, undefined], ['command/createDirectory', 'a', undefined, undefined, 'FileExists'],
      ['command/deleteFile', '/workspace/a', undefined, undefined, undefined],
      ['command/deleteFile', 'a', undefined, undefined, 'FileNotFound'],
    ]);
  });

  it('tells of packages, with their versions', async () => {
    const packages = fakePackages();
    try {
      const records = told(await audited(async (daemon) => {
        const sessionId = await daemon.session();
        await daemon.result('command/installPackages', { sessionId, packages: ['one'] });
        await daemon.session({ packages: { names: ['one'] } });
      }, { packages }), 'install');
      expect(records.map(({ event, manager, cached, packages: names }) => [event, manager, cached, names])).to.deep.equal([
        ['done', 'pip', false, undefined], ['installed', 'pip', false, ['one 1']], ['installed', 'pip', true, ['one 1']],
      ]);
      expect(records[0]).to.deep.include({ method: 'command/installPackages', names: 1, outcome: 'exited' });
    } finally {
      packages.dispose();
    }
  });

  it('tells of ports that are published and closed', async () => {
    const records = told(await audited(async (daemon) => {
      const sessionId = await daemon.session();
      const { hostPort } = await daemon.result('ports/forward', { sessionId, port: 80 });
      await daemon.fault('ports/forward', { sessionId, port: 81, hostPort });
      await daemon.result('ports/close', { sessionId, port: 80 });
    }, { connections: true }), 'port');
    expect(records.map(({ event, method, port, address, error }) => [event, method, port, address, error])).to.deep.equal([
      ['done', 'ports/forward', 80, '127.0.0.1', undefined], ['done', 'ports/forward', 81, undefined, 'InvalidParams'], ['done', 'ports/close', 80, undefined, undefined],
    ]);
    expect(records[0]?.hostPort).to.be.greaterThan(0);
    expect(records[1]?.hostPort).to.equal(records[0]?.hostPort);
  });

  it('tells of places on the network that a session reached or was kept from, each once, and who decided', async () => {
    const ways = new FakeWays({ names: { 'example.com': ['93.184.216.34'], 'other.example': ['93.184.216.35'], 'inside.example': ['10.0.0.1'] }, answer: echo });
    const records = told(await audited(async (daemon) => {
      await daemon.session({ network: { mode: 'allowlist', hosts: ['example.com:443', 'inside.example'] } });
      for (const place of ['example.com:443', 'example.com:443', 'other.example:443', '127.0.0.1:80']) {
        const [program, stream] = duplexPair();
        daemon.sandbox.accept?.(stream);
        const client = new Client(program, stream);
        client.send(`CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n\r\n`);
        await client.hears(/ \d{3} /);
        program.destroy();
      }
    }, { connections: true, ways, config: { network: { modes: ['allowlist'] } } }), 'network');
    expect(records.map(({ event, host, port, by }) => [event, host, port, by])).to.deep.equal([
      ['allowed', 'example.com', 443, 'policy'], ['refused', 'other.example', 443, 'policy'], ['refused', '127.0.0.1', 80, 'policy'],
    ]);
  });

  it('tells when it was a person who decided', async () => {
    const ways = new FakeWays({ names: { 'once.example': ['93.184.216.34'], 'session.example': ['93.184.216.35'], 'deny.example': ['93.184.216.36'] }, answer: echo });
    const records = told(await audited(async (daemon) => {
      await daemon.session({ network: { mode: 'allowlist' } });
      for (const name of ['once', 'session', 'deny']) {
        const [program, stream] = duplexPair();
        daemon.sandbox.accept?.(stream);
        const client = new Client(program, stream);
        client.send(`CONNECT ${name}.example:443 HTTP/1.1\r\nHost: x\r\n\r\n`);
        const asked = () => daemon.wire.received.find(({ method, params }) => method === 'network/requestAccess' && params.host === `${name}.example`);
        while (!asked()) await daemon.settle();
        daemon.wire.send({ jsonrpc: '2.0', id: asked()?.id, result: { allow: name } });
        await client.hears(/ \d{3} /);
        program.destroy();
      }
    }, { connections: true, ways, config: { network: { modes: ['allowlist'] } } }, { asks: true }), 'network');
    expect(records.map(({ event, host, by }) => [event, host, by])).to.deep.equal([['allowed', 'once.example', 'once'], ['allowed', 'session.example', 'session'], ['refused', 'deny.example', 'deny']]);
  });

  it('tells of a client that was refused', async () => {
    const bench = new LogBench(folder());
    await withDaemon({ audit: (clock) => bench.daemon({ clock }) }, async (daemon) => {
      const refused = async (options: object) => (await daemon.server.initialize({ clientInfo: { name: 'editor' }, initializationOptions: options })).error?.data.kind;
      expect([await refused({ docker: { host: 'tcp://evil' } }), await refused({ limits: { pids: 'many' } })]).to.deep.equal(['PolicyDenied', 'InvalidParams']);
    });
    expect(told(bench.records, 'denial').map(({ method, error, rule, name }) => [method, error, rule, name])).to.deep.equal([['initialize', 'PolicyDenied', 'docker', 'editor']]);
  });

  it('tells of questions that come too often, which are not recorded themselves', async () => {
    const records = await audited(async (daemon) => {
      await daemon.result('session/list');
      await Promise.all([1, 2].map(() => daemon.fault('session/list')));
    }, { config: { rates: { 'session/list': { perMinute: 1 } } } });
    expect(told(records, 'denial').map(({ method, error, times, call }) => [method, error, times, call])).to.deep.equal([['session/list', 'RateLimited', 2, undefined]]);
    expect(told(records, 'session')).to.deep.equal([]);
  });

  it('tells of what the rules do not allow, and in one record where it is the same within a moment', async () => {
    const records = await audited(async (daemon) => {
      await daemon.fault('session/create', { limits: { cpus: 1000 } });
      const sessionId = await daemon.session();
      await Promise.all([1, 2, 3].map(() => daemon.fault('session/create', { network: { mode: 'full' } })));
      await daemon.result('session/close', { sessionId });
    });
    expect(told(records, 'denial').map(({ method, error, rule, times }) => [method, error, rule, times])).to.deep.equal([
      ['session/create', 'PolicyDenied', 'maxLimits.cpus', undefined], ['session/create', 'PolicyDenied', 'network', 3],
    ]);
    expect(told(records, 'session').filter(({ event }) => event === 'began')).to.deep.equal([]);
  });

  it('calls the handler in the same turn, whatever is recorded', () =>
    audited(async (daemon) => {
      const sessionId = await daemon.session();
      const order: string[] = [];
      await Promise.all([...Array(20).keys()].map(async (at) => {
        await daemon.result('command/writeFile', { sessionId, path: 'log', content: `${at} `, mode: 'append' });
        order.push(String(at));
      }));
      expect((await daemon.result('command/readFile', { sessionId, path: 'log' })).content).to.equal([...order, ''].join(' '));
    }));

  describe('on a disk that is full', () => {
    const full = (): Disk & { isFull: boolean } => {
      const real = systemDisk(process.getuid?.() ?? -1);
      const disk = {
        ...real, isFull: false,
        open: (path: string) => limited(real.open(path)),
        create: (path: string) => limited(real.create(path)),
      };
      const limited = (file: ReturnType<Disk['create']>): ReturnType<Disk['create']> => ({ ...file, append: (bytes) => (disk.isFull ? { written: 0, fault: Object.assign(new Error('full'), { code: 'ENOSPC' }) } : file.append(bytes)) });
      return disk;
    };

    it('work goes on, and the person is told once', async () => {
      const disk = full();
      const records = await audited(async (daemon) => {
        const sessionId = await daemon.session();
        await daemon.server.clock.advance(100);
        disk.isFull = true;
        for (const path of ['a', 'b']) {
          await daemon.result('command/writeFile', { sessionId, path, content: '' });
          await daemon.server.clock.advance(2_000);
        }
        expect(daemon.received('window/logMessage').map(({ type, message }) => [type, message])).to.deep.equal([
          [2, "CodeBeaker can't write its audit log: the disk is full (ENOSPC). Until that is mended, work goes on without being recorded."],
        ]);
        disk.isFull = false;
        await daemon.server.clock.advance(1_000);
      }, {}, { disk });
      expect(told(records, 'file').map(({ path }) => path)).to.deep.equal(['/workspace/a', '/workspace/b']);
    });

    it('or nothing begins that can not be recorded, if the configuration says so; what ends something does', async () => {
      const disk = full();
      await audited(async (daemon, bench) => {
        const sessionId = await daemon.session();
        disk.isFull = true;
        const made = daemon.runtime.made.length;
        for (const [method, params] of [['session/create', {}], ['command/executeShell', { command: 'echo' }], ['command/writeFile', { path: 'a', content: '' }], ['command/installPackages', { packages: ['a'] }], ['ports/forward', { port: 1 }]] as const) {
          const { code, message, data } = await daemon.fault(method, { sessionId, ...params });
          expect([code, data.policy, data.rule], method).to.deep.equal([1032, 'audit', 'audit.onFailure']);
          expect(message).to.equal("nothing may begin that can't be recorded, and the audit log can't be written: the disk is full (ENOSPC); mend that, or set audit.onFailure to continue in the configuration file");
        }
        await daemon.fault('command/readFile', { sessionId, path: 'a' });
        expect(daemon.runtime.made.length).to.equal(made);
        await daemon.result('session/close', { sessionId });
        disk.isFull = false;
        const records = bench.records.length;
        await daemon.session();
        expect(bench.records.length).to.be.greaterThan(records);
      }, {}, { disk, policy: { onFailure: 'refuse' } });
    });

    it('refuses only where the documents name that error', () => {
      for (const method of methods.filter((each) => each.by === 'service' && mayBeRefused(each))) expect(errorsOf(method), method.name).to.include('PolicyDenied');
    });

    it('and what is recorded first is written before it begins', async () => {
      await audited(async (daemon, bench) => {
        const sessionId = await daemon.session();
        const running = daemon.result('command/executeShell', { sessionId, command: 'forever', commandId: 'c' });
        await daemon.settle();
        expect(bench.records.at(-1)).to.deep.include({ kind: 'command', event: 'began', method: 'command/executeShell' });
        await daemon.result('command/signal', { commandId: 'c', signal: 'SIGTERM' });
        await running;
      }, {}, { policy: { onFailure: 'refuse' } });
    });
  });

  it('holds no content, no output, no input, no value of a variable, no argument and no code of any call', async () => {
    const canary = 'CaNaRy-7f3a';
    const all = [canary, Buffer.from(canary).toString('base64'), encodeURIComponent(canary)];
    const packages = fakePackages();
    try {
      await audited(async (daemon) => {
        const env = { SECRET: canary };
        const sessionId = await daemon.session({ env, label: canary, program: { code: canary }, workDoneToken: canary });
        const common = { sessionId, env, stdin: canary };
        await daemon.result('command/executeShell', { ...common, command: `echo ${canary}` });
        await daemon.result('command/executeShell', { ...common, command: ['echo', canary] });
        await daemon.result('command/executeShell', { ...common, command: `warn ${canary}`, outputEncoding: 'base64' });
        await daemon.result('command/runCode', { ...common, code: `echo ${canary}\nexit 1`, args: [canary] });
        await daemon.result('command/writeFile', { sessionId, path: 'a.py', content: canary });
        await daemon.result('command/writeFile', { sessionId, path: 'b.py', content: Buffer.from(canary).toString('base64'), encoding: 'base64', mode: 'append' });
        await daemon.result('command/readFile', { sessionId, path: 'a.py' });
        await daemon.result('command/runCode', { ...common, path: 'a.py', args: [canary] });
        await daemon.result('session/execute', { sessionId, command: { type: 'executeShell', command: `echo ${canary}`, env } });
        const running = daemon.result('command/executeShell', { sessionId, env, command: 'cat', interactive: true, commandId: 'c' });
        await daemon.server.clock.advance(100);
        daemon.wire.send({ jsonrpc: '2.0', method: 'command/input', params: { commandId: 'c', data: canary, end: true } });
        await running;
        const secret = await daemon.session({ secrets: { TOKEN: canary } });
        await daemon.result('command/executeShell', { sessionId: secret, command: `echo ${canary}` });
        await daemon.fault('session/create', { secrets: { SECRET: canary }, env });
        await daemon.ask('command/installPackages', { sessionId, packages: [`https://user:${canary}@example.com/x.tgz`], registry: `https://user:${canary}@example.com/` });
        await daemon.fault('command/runCode', { ...common, code: canary, path: 'x' });
        await daemon.fault('command/executeShell', { ...common, command: canary, interactive: true });
        await daemon.fault('no/such', { canary });
      }, { packages });
      const texts = filesIn(folder()).map((path) => readFileSync(path, 'utf8'));
      expect(texts.join('').length).to.be.greaterThan(3_000);
      for (const text of texts) for (const each of all) expect(text).not.to.contain(each);
    } finally {
      packages.dispose();
    }
  });
});
