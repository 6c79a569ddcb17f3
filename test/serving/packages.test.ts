/** Packages as a client meets them: `command/installPackages`, and sessions that have packages from the beginning. */
import { expect } from 'chai';
import { judgeBy } from '../../server/src/packages/judge.ts';
import { type FakePackages, fakePackages } from '../fakes/packages.ts';
import type { Json } from '../wire/wire.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from './daemon.ts';

describe('packages', () => {
  let packages: FakePackages;
  beforeEach(() => (packages = fakePackages()));
  afterEach(() => packages.dispose());

  const test = (work: (daemon: TestDaemon) => Promise<void>, options: DaemonOptions = {}) => async () => {
    await withDaemon({ packages, ...options }, async (daemon) => {
      await daemon.initialize();
      await work(daemon);
    });
    expect(packages.making(), 'of what was being installed').to.deep.equal([]);
  };
  const until = async (check: () => boolean) => {
    while (!check()) await new Promise(setImmediate);
  };
  const running = (daemon: TestDaemon, script: string) => until(() => daemon.runtime.made.some(({ processes }) => processes.some(({ program: { command } }) => command[1] === script)));
  const install = (daemon: TestDaemon, sessionId: string, names = ['one'], more: object = {}): Promise<Json> => daemon.result('command/installPackages', { sessionId, packages: names, ...more });
  const variable = async (daemon: TestDaemon, sessionId: string, name: string): Promise<string> => (await daemon.result('command/executeShell', { sessionId, command: `env ${name}` })).stdout.trim();

  it('are installed in a sandbox of their own, and seen by every later program', test(async (daemon) => {
    const sessionId = await daemon.session();
    const result = await install(daemon, sessionId, ['two==2', 'one'], { commandId: 'install' });
    expect(result).to.deep.include({ commandId: 'install', outcome: 'exited', exitCode: 0, manager: 'pip', cached: false, installed: [{ name: 'one', version: '1' }, { name: 'two==2', version: '1' }] });
    expect(daemon.received('command/output').map(({ data }) => data)).to.deep.equal(['installing\n']);
    const [session, installing] = daemon.runtime.made;
    expect(installing?.spec.packages).to.deep.include({ kind: 'staging' });
    expect(installing?.spec).to.deep.include({ language: 'python', workspace: undefined, limits: session?.spec.limits });
    expect(session?.spec.packages).to.deep.include({ kind: 'shelf' });
    expect([session?.gone, installing?.gone]).to.deep.equal([false, true]);
    const home = await variable(daemon, sessionId, 'HOME_OF_PACKAGES');
    expect(home).to.match(/^\/\.codebeaker\/packages\/[0-9a-f]{32}$/);
    expect(await variable(daemon, sessionId, 'PATH')).to.equal(`${home}/bin`);
  }));

  it('come from the cache the second time, and what a session has stays', test(async (daemon) => {
    const [first, second] = [await daemon.session(), await daemon.session({ env: { PATH: '/own' } })];
    await install(daemon, first);
    expect(await install(daemon, second)).to.deep.include({ cached: true, exitCode: 0, stdout: '', installed: [{ name: 'one', version: '1' }] });
    expect(daemon.runtime.made).to.have.length(3);
    expect(await variable(daemon, second, 'PATH')).to.match(/\/bin:\/own$/);
    expect((await install(daemon, second, ['two'])).installed.map(({ name }: Json) => name)).to.deep.equal(['one', 'two']);
  }));

  it('are those of the manifest, which is found by itself', test(async (daemon) => {
    const sessionId = await daemon.session();
    expect(await daemon.fault('command/installPackages', { sessionId })).to.deep.include({ code: 1021 });
    await daemon.result('command/writeFile', { sessionId, path: 'requirements.txt', content: 'three\n' });
    expect((await daemon.result('command/installPackages', { sessionId })).installed).to.deep.equal([{ name: 'three', version: '1' }]);
  }));

  it('that can not be installed are an error that says why, and the next try works', test(async (daemon) => {
    const sessionId = await daemon.session();
    packages.scripts = ['echo trying', 'warn no such package\nexit 3', 'echo never'];
    packages.trouble = 'The registry answered 500.';
    const fault = await daemon.fault('command/installPackages', { sessionId, packages: ['one'] });
    expect(fault.code).to.equal(1040);
    expect(fault.message).to.contain('exit code 3').and.to.contain('The registry answered 500.');
    expect(fault.data).to.deep.include({ manager: 'pip', exitCode: 3, output: 'trying\nno such package\n' });
    expect(packages.making()).to.deep.equal([]);
    expect(await variable(daemon, sessionId, 'HOME_OF_PACKAGES')).to.equal('');
    packages.scripts = ['echo better'];
    expect(await install(daemon, sessionId)).to.deep.include({ cached: false, stdout: 'better\n' });
  }));

  it('that find no room on the disk of the machine are an error that says what to do, and the next try works', test(async (daemon) => {
    const sessionId = await daemon.session();
    const { measured } = packages;
    const full = async (wanted: string) => {
      const fault = await daemon.fault('command/installPackages', { sessionId, packages: ['one'] });
      expect(fault.code).to.equal(1025);
      expect(fault.message).to.contain(wanted).and.to.contain('codebeaker cache prune');
      expect(packages.making()).to.deep.equal([]);
      return fault;
    };
    packages.scripts = ['warn OSError: [Errno 28] No space left on device\nexit 1'];
    expect((await full('pip could not install the packages (exit code 1)')).data).to.deep.include({ manager: 'pip', exitCode: 1, output: 'OSError: [Errno 28] No space left on device\n' });
    packages.scripts = ['forever'];
    Object.defineProperty(packages, 'measured', { configurable: true, get: () => { throw Object.assign(new Error('write'), { code: 'ENOSPC' }); } });
    await full('the packages could not be installed');
    Object.defineProperty(packages, 'measured', { value: measured });
    packages.scripts = ['echo better'];
    expect(await install(daemon, sessionId)).to.deep.include({ cached: false, stdout: 'better\n' });
  }));

  for (const [what, params, end] of [
    ['cancelled', { packages: ['one'] }, async (daemon: TestDaemon, id: string) => daemon.wire.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } })],
    ['timedOut', { packages: ['one'], timeoutMs: 500 }, async (daemon: TestDaemon) => daemon.server.clock.advance(900)],
  ] as const) {
    it(`leave nothing when the installation is ${what}, and the next works (F-C13)`, test(async (daemon) => {
      const sessionId = await daemon.session();
      packages.scripts = ['forever'];
      const installing = daemon.wire.ask('installing', 'command/installPackages', { sessionId, ...params });
      await running(daemon, 'forever');
      await end(daemon, 'installing');
      expect((await installing).result).to.deep.include({ outcome: what, installed: [], manager: 'pip' });
      expect(packages.making()).to.deep.equal([]);
      expect(daemon.runtime.open).to.have.length(1);
      packages.scripts = ['echo again'];
      expect(await install(daemon, sessionId)).to.deep.include({ cached: false, outcome: 'exited' });
    }));
  }

  it('have their own time limit, and not that of the session', test(async (daemon) => {
    const sessionId = await daemon.session({ limits: { timeoutMs: 100 } });
    packages.scripts = ['sleep 5000'];
    const installing = install(daemon, sessionId);
    await running(daemon, 'sleep 5000');
    await daemon.server.clock.advance(5000);
    expect((await installing).outcome).to.equal('exited');
  }));

  it('end when what is installed uses up the processor time of the quota', test(async (daemon) => {
    const { clock } = daemon.server;
    const sessionId = await daemon.session();
    packages.scripts = ['forever'];
    const installing = install(daemon, sessionId);
    await running(daemon, 'forever');
    await clock.advance(9_999);
    daemon.sandbox.cpu = 10_000;
    await clock.advance(1);
    await clock.advance(300);
    expect(await installing).to.deep.include({ outcome: 'timedOut', quota: 'perSession.cpuSeconds', installed: [] });
  }, { config: { quotas: { perSession: { cpuSeconds: 10 } } } }));

  it('are there when the next command begins', test(async (daemon) => {
    const sessionId = await daemon.session();
    packages.scripts = ['sleep 100'];
    const installing = install(daemon, sessionId);
    const next = variable(daemon, sessionId, 'HOME_OF_PACKAGES');
    await running(daemon, 'sleep 100');
    await daemon.server.clock.advance(100);
    await installing;
    expect(await next).to.match(/^\/\.codebeaker/);
  }));

  it('that two sessions want at once are installed once', test(async (daemon) => {
    const [first, second] = [await daemon.session(), await daemon.session()];
    packages.scripts = ['sleep 100'];
    const both = [install(daemon, first), install(daemon, second)];
    await running(daemon, 'sleep 100');
    await daemon.server.clock.advance(100);
    expect((await Promise.all(both)).map(({ cached }) => cached)).to.have.members([false, true]);
    expect(daemon.runtime.made).to.have.length(3);
  }));

  it('are installed by the other session where the first one gives up', test(async (daemon) => {
    const [first, second] = [await daemon.session(), await daemon.session()];
    packages.scripts = ['forever'];
    const given = daemon.wire.ask('given', 'command/installPackages', { sessionId: first, packages: ['one'] });
    await running(daemon, 'forever');
    packages.scripts = ['echo other'];
    const other = install(daemon, second);
    daemon.wire.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 'given' } });
    expect((await given).result).to.deep.include({ outcome: 'cancelled' });
    expect(await other).to.deep.include({ outcome: 'exited', cached: false, stdout: 'other\n' });
  }));

  it('that are too large are ended', test(async (daemon) => {
    const sessionId = await daemon.session({ limits: { packageBytes: 2 ** 20 } });
    packages.scripts = ['forever'];
    packages.measured = { bytes: 2 ** 20 + 1, files: 1, hidden: false };
    const fault = await daemon.fault('command/installPackages', { sessionId, packages: ['one'] });
    expect(fault).to.deep.include({ code: 1025 });
    expect(fault.message).to.contain('limits.packageBytes');
    expect(packages.making()).to.deep.equal([]);
  }));

  it('are checked before anything is made', test(async (daemon) => {
    const sessionId = await daemon.session();
    expect(await daemon.fault('command/installPackages', { sessionId, packages: ['--index-url=x'] })).to.deep.include({ code: -32602 });
    expect(await daemon.fault('command/installPackages', { sessionId, packages: ['one'], manager: 'npm' })).to.deep.include({ code: -32602 });
    expect(await daemon.fault('command/installPackages', { sessionId, manifest: '../etc/requirements.txt' })).to.deep.include({ code: 1020 });
    expect(daemon.runtime.made).to.have.length(1);
  }));

  it('with weaknesses are told of, and refused where they are not allowed', test(async (daemon) => {
    const sessionId = await daemon.session();
    packages.advisories = [{ package: 'one', id: 'PYSEC-1', severity: 'high', summary: 'bad' }];
    expect((await install(daemon, sessionId)).advisories).to.deep.equal(packages.advisories);
  }));

  it('with weaknesses are told of with the session that has them, also where they come from the cache', test(async (daemon) => {
    packages.advisories = [{ package: 'one', id: 'PYSEC-1', severity: 'high', summary: 'bad' }];
    for (const names of [['one'], ['one']]) expect((await daemon.result('session/create', { language: 'python', packages: { names } })).advisories).to.deep.equal(packages.advisories);
    expect(await daemon.result('session/create', { language: 'python' })).not.to.have.property('advisories');
    expect((await daemon.result('session/list', {})).sessions.map(({ advisories }: Json) => advisories?.length)).to.deep.equal([1, 1, undefined]);
  }));

  const HOUR = 3_600_000;
  const weak = { package: 'one', id: 'PYSEC-1', severity: 'high', summary: 'bad' } as const;
  const refused = async (daemon: TestDaemon) => {
    const sessionId = await daemon.session();
    expect((await daemon.fault('command/installPackages', { sessionId, packages: ['one'] })).data).to.deep.include({ kind: 'PolicyDenied', rule: 'packages.block', advisories: [weak] });
    expect(await variable(daemon, sessionId, 'HOME_OF_PACKAGES')).to.equal('');
  };
  const again = async (daemon: TestDaemon) => {
    const { cached, advisories } = await install(daemon, await daemon.session());
    return { cached, advisories };
  };

  it('from the cache are judged by what was known when they were installed, also after the policy has become stricter', async () => {
    packages.advisories = [weak];
    await test(async (daemon) => {
      expect(await again(daemon)).to.deep.equal({ cached: false, advisories: [weak] });
      expect(await again(daemon)).to.deep.equal({ cached: true, advisories: [weak] });
    })();
    packages.judge = judgeBy('high');
    await test(refused)();
    packages.judge = judgeBy('critical');
    await test(async (daemon) => void expect(await again(daemon)).to.deep.equal({ cached: true, advisories: [weak] }))();
    expect(packages.asked).to.equal(0);
  });

  it('from the cache are judged by what is known now, which is asked for once an hour', async () => {
    packages.judge = judgeBy('high');
    packages.told = [];
    await test(async (daemon) => {
      const { clock } = daemon.server;
      expect(await again(daemon)).to.deep.equal({ cached: false, advisories: [] });
      await clock.advance(HOUR - 1);
      expect([await again(daemon), packages.asked]).to.deep.equal([{ cached: true, advisories: [] }, 1]);
      await clock.advance(1);
      packages.told = [weak];
      await Promise.all([refused(daemon), refused(daemon)]);
      expect(packages.asked).to.equal(2);
      packages.told = undefined;
      await clock.advance(HOUR);
      await refused(daemon);
      await refused(daemon);
      expect(packages.asked, 'who does not answer is not asked again at once').to.equal(3);
      packages.told = [];
      await clock.advance(HOUR);
      expect([await again(daemon), packages.asked]).to.deep.equal([{ cached: true, advisories: [] }, 4]);
    })();
    packages.judge = undefined;
    await test(async (daemon) => {
      await daemon.server.clock.advance(100 * HOUR);
      expect([await again(daemon), packages.asked]).to.deep.equal([{ cached: true, advisories: [] }, 4]);
    })();
  });

  it('from the cache are not waited for longer than a few seconds', async () => {
    packages.judge = judgeBy('high');
    packages.told = [];
    await test(async (daemon) => {
      await again(daemon);
      packages.told = 'nobody';
      await daemon.server.clock.advance(HOUR);
      const waiting = again(daemon);
      await until(() => packages.asked === 2);
      await daemon.server.clock.advance(5_000);
      expect(await waiting).to.deep.equal({ cached: true, advisories: [] });
    })();
  });

  it('that are weak and may be had in another version are installed anew, and judged by what was known where nobody tells more', async () => {
    packages.locked = false;
    packages.advisories = [weak];
    await test(async (daemon) => void (await again(daemon)))();
    packages.judge = judgeBy('high');
    packages.advisories = undefined;
    await test(refused)();
    packages.advisories = [];
    await test(async (daemon) => {
      expect(await again(daemon)).to.deep.equal({ cached: false, advisories: [] });
      expect(await again(daemon)).to.deep.equal({ cached: true, advisories: [] });
    })();
  });

  it('can be there from the beginning of a session', test(async (daemon) => {
    const sessionId = await daemon.session({ packages: { names: ['one'] } });
    expect(await variable(daemon, sessionId, 'HOME_OF_PACKAGES')).to.match(/^\/\.codebeaker/);
    packages.scripts = ['exit 1'];
    expect(await daemon.fault('session/create', { language: 'python', packages: { names: ['two'] } })).to.deep.include({ code: 1040 });
    expect((await daemon.result('session/list')).sessions).to.have.length(1);
  }));

  it('end with their session, and with the daemon', async () => {
    packages.scripts = ['forever'];
    await test(async (daemon) => {
      const [first, second] = [await daemon.session(), await daemon.session()];
      const ended = daemon.wire.ask('ended', 'command/installPackages', { sessionId: first, packages: ['one'] });
      await running(daemon, 'forever');
      await daemon.result('session/close', { sessionId: first });
      expect((await ended).result).to.deep.include({ outcome: 'cancelled' });
      void daemon.wire.ask('left', 'command/installPackages', { sessionId: second, packages: ['two'] });
      await until(() => daemon.runtime.made.length === 4 && daemon.runtime.made[3]?.processes.some(({ program: { command } }) => command[1] === 'forever') === true);
    })();
  });

  it('that a program lacks are named in its result, however its output is asked for', test(async (daemon) => {
    const sessionId = await daemon.session();
    const text = "ModuleNotFoundError: No module named 'cv2'";
    const missing = { manager: 'pip', module: 'cv2', packages: ['opencv-python'] };
    const run = async (code: string, more: object = {}): Promise<Json> => (await daemon.result('command/runCode', { sessionId, code, ...more })).missing;
    for (const more of [{}, { commandId: 'streamed' }, { outputEncoding: 'base64' }, { outputEncoding: 'base64', commandId: 'encoded' }, { stderrToStdout: true }, { pty: { cols: 80, rows: 24 } }, { pty: { cols: 80, rows: 24 }, commandId: 'terminal' }]) {
      expect(await run(`warn ${text}\nexit 1`, more), JSON.stringify(more)).to.deep.equal(missing);
      expect(await run(`warn ${text}`, more), `success, ${JSON.stringify(more)}`).to.equal(undefined);
    }
    expect(await run(`echo ${text}\nexit 1`)).to.equal(undefined);
    expect(await run('warn no\nexit 1')).to.equal(undefined);
  }));

  it('are not named where the sandbox can see none', async () => {
    await withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const result = await daemon.result('command/runCode', { sessionId: await daemon.session(), code: "warn ModuleNotFoundError: No module named 'cv2'\nexit 1" });
      expect(result).not.to.have.property('missing');
    });
  });

  it('are refused where the sandbox can see none', async () => {
    await withDaemon({}, async (daemon) => {
      await daemon.initialize();
      const fault = await daemon.fault('command/installPackages', { sessionId: await daemon.session(), packages: ['one'] });
      expect(fault).to.deep.include({ code: 1040 });
    });
  });
});
