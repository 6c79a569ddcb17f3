/** Scanning as a client meets it: advice in `command/diagnostics`, and what the configuration refuses. */
import { expect } from 'chai';
import type { ScanConfig } from '../../server/src/protocol/index.ts';
import { FakeScanner } from '../fakes/scanner.ts';
import { type TestDaemon, withDaemon } from './daemon.ts';

describe('scanning', () => {
  let scanner: FakeScanner;
  beforeEach(() => (scanner = new FakeScanner()));

  const wants = { capabilities: { command: { diagnostics: true } } };
  const test = (scan: ScanConfig | undefined, work: (daemon: TestDaemon, sessionId: string) => Promise<void>, client: object = wants) => () =>
    withDaemon({ scanner, config: scan ? { scan } : {} }, async (daemon) => {
      await daemon.initialize(client);
      await work(daemon, await daemon.session());
    });
  const told = (daemon: TestDaemon) => daemon.received('command/diagnostics');
  const summary = (daemon: TestDaemon) => told(daemon).map(({ diagnostics, skipped }) => skipped ?? diagnostics.map(({ severity, code }: { severity: number; code: string }) => `${severity} ${code}`));

  it('tells what it found in code, once for each run, also if that is nothing', test(undefined, async (daemon, sessionId) => {
    expect(await daemon.result('command/runCode', { sessionId, code: 'echo bad', commandId: 'one' })).to.deep.include({ outcome: 'exited' });
    await daemon.result('command/runCode', { sessionId, code: 'echo good' });
    await daemon.settle();
    expect(told(daemon)[0]).to.deep.equal({
      sessionId, commandId: 'one', language: 'python',
      diagnostics: [{ range: { start: { line: 0, character: 5 }, end: { line: 0, character: 8 } }, severity: 1, code: 'python/bad', source: 'codebeaker', message: 'It is bad.' }],
    });
    expect(summary(daemon)).to.deep.equal([['1 python/bad'], []]);
  }));

  it('reads the file that is run, as the commands before it have left it', test(undefined, async (daemon, sessionId) => {
    const answers = [
      daemon.result('command/writeFile', { sessionId, path: 'main.py', content: 'echo odd' }),
      daemon.result('command/runCode', { sessionId, path: 'main.py' }),
    ];
    await Promise.all(answers);
    await daemon.settle();
    expect(told(daemon)).to.have.length(1);
    expect(told(daemon)[0]).to.deep.include({ path: '/workspace/main.py', language: 'python' });
    expect(summary(daemon)).to.deep.equal([['2 python/odd']]);
  }));

  it('reads command lines, and the text that a command line gives to an interpreter', test(undefined, async (daemon, sessionId) => {
    for (const command of ['echo bad', ['sh', '-c', 'echo odd'], ['/usr/bin/python3', '-c', 'odd'], ['bash', '-x', '-euc', 'odd', '-c'], ['python3', '-Ic', 'one'], ['bash', '-euo', 'pipefail', '-c', 'piped'], ['python3', '-W', 'ignore', '-c', 'two'], ['node', '-r', './x.js', '-e', 'three'], ['ruby', '-r', 'json', '-e', 'four'], ['echo', 'bad'], ['python3', 'main.py', '-c', 'bad'], ['sh', '-x'], ['sh', '-c'], ['constructor', 'bad', 'bad']]) await daemon.ask('command/executeShell', { sessionId, command });
    await daemon.settle();
    expect(scanner.texts.map(({ language, code }) => `${language}: ${code}`)).to.deep.equal(['shellscript: echo bad', 'shellscript: echo odd', 'python: odd', 'shellscript: odd', 'python: one', 'shellscript: piped', 'python: two', 'javascript: three', 'ruby: four']);
  }));

  it('comes 300 ms after a run has begun that goes on', test(undefined, async (daemon, sessionId) => {
    const running = daemon.ask('command/runCode', { sessionId, code: 'forever\nbad', commandId: 'long' });
    await daemon.server.clock.advance(299);
    expect(scanner.texts).to.have.length(0);
    await daemon.server.clock.advance(1);
    expect(summary(daemon)).to.deep.equal([['1 python/bad']]);
    await daemon.ask('session/close', { sessionId });
    await running;
  }));

  for (const [what, fault] of [['what it found', undefined], ['that it could not scan', 'it is full']] as const) {
    it(`tells ${what} also after the end of the session`, test(undefined, async (daemon, sessionId) => {
      let end = () => undefined as void;
      scanner.until = new Promise<void>((resolve) => (end = resolve));
      scanner.fault = fault;
      await daemon.result('command/runCode', { sessionId, code: 'echo bad' });
      await daemon.result('session/close', { sessionId });
      end();
      await daemon.settle();
      expect(summary(daemon)).to.deep.equal([fault ?? ['1 python/bad']]);
    }));
  }

  it('costs a client nothing that does not want to know', test(undefined, async (daemon, sessionId) => {
    await daemon.result('command/runCode', { sessionId, code: 'echo bad' });
    await daemon.settle();
    expect([scanner.texts.length, told(daemon).length]).to.deep.equal([0, 0]);
  }, {}));

  it('warns of rules that there are not, and scans all the same', test({ rules: { 'python/eval': 'off', 'python/evil': 'off' } }, async (daemon, sessionId) => {
    const warning = 'scan.rules.python/evil has no effect: there is no rule python/evil; python/eval is the one with the most similar name; codebeaker config check finds such';
    await daemon.result('command/runCode', { sessionId, code: 'echo bad' });
    await import('../../server/src/serving/unknown-rules.ts');
    await daemon.settle();
    expect(daemon.received('window/logMessage').map(({ message }) => message)).to.deep.equal([warning]);
    expect(summary(daemon)).to.deep.equal([['1 python/bad']]);
  }));

  it('can be turned off in the configuration', test({ mode: 'off' }, async (daemon, sessionId) => {
    await daemon.result('command/runCode', { sessionId, code: 'echo bad' });
    await daemon.settle();
    expect(scanner.texts).to.have.length(0);
  }));

  it('takes severities of rules from the configuration', test({ rules: { 'python/bad': 'off', 'python/odd': 'hint' } }, async (daemon, sessionId) => {
    await daemon.result('command/runCode', { sessionId, code: 'echo bad odd' });
    await daemon.settle();
    expect(summary(daemon)).to.deep.equal([['4 python/odd']]);
  }));

  it('says why a text was not scanned', test({ maxBytes: 10 }, async (daemon, sessionId) => {
    await daemon.result('command/runCode', { sessionId, code: 'echo 1234567890' });
    await daemon.settle();
    scanner.fault = 'too many texts are waiting to be scanned';
    await daemon.result('command/runCode', { sessionId, code: 'echo' });
    await daemon.settle();
    expect(summary(daemon)).to.deep.equal(['it is larger than 10 bytes (scan.maxBytes)', scanner.fault]);
  }));

  it('refuses what the configuration names before anything runs, and says where it is', test({ mode: 'block' }, async (daemon, sessionId) => {
    const error = await daemon.fault('command/runCode', { sessionId, code: 'echo bad odd bad' });
    expect(error).to.deep.include({ code: 1032 });
    expect(error.message).to.equal('the code was not run, because the configuration refuses it: line 1, column 6: It is bad. (python/bad, and 1 more)');
    expect(error.data).to.deep.include({ policy: 'scan', rule: 'python/bad' });
    expect(error.data.findings.map(({ code }: { code: string }) => code)).to.deep.equal(['python/bad', 'python/bad']);
    expect(summary(daemon)).to.deep.equal([['1 python/bad', '2 python/odd', '1 python/bad']]);
    expect(daemon.sandbox.processes).to.deep.equal([]);
    expect((await daemon.fault('command/executeShell', { sessionId, command: 'echo bad' })).code).to.equal(1032);
    expect(await daemon.result('command/runCode', { sessionId, code: 'echo odd' })).to.deep.include({ outcome: 'exited' });
  }));

  it('refuses for clients that want no advice, too', test({ mode: 'block', block: { categories: ['sql'] } }, async (daemon, sessionId) => {
    expect((await daemon.fault('command/runCode', { sessionId, code: 'echo odd' })).code).to.equal(1032);
    expect(await daemon.result('command/runCode', { sessionId, code: 'echo bad' })).to.deep.include({ outcome: 'exited' });
    expect(told(daemon)).to.deep.equal([]);
  }, {}));

  it('refuses what it could not scan, where it has to', test({ mode: 'block', maxBytes: 10 }, async (daemon, sessionId) => {
    const large = await daemon.fault('command/runCode', { sessionId, code: 'echo 1234567890' });
    expect(large.message).to.equal('the code was not run, because it has to be scanned before: it is larger than 10 bytes (scan.maxBytes)');
    scanner.fault = 'the text could not be scanned';
    expect((await daemon.fault('command/executeShell', { sessionId, command: 'echo' })).data).to.deep.include({ policy: 'scan', rule: 'unscanned' });
    expect((await daemon.fault('command/runCode', { sessionId, path: 'none.py' })).message).to.contain('/workspace/none.py could not be read (FileNotFound)');
  }));

  it('is made stricter by a client, and never milder', async () => {
    await test({ mode: 'advise' }, async (daemon, sessionId) => {
      expect((await daemon.fault('command/runCode', { sessionId, code: 'echo odd' })).code).to.equal(1032);
    }, { initializationOptions: { scan: { mode: 'block', block: { severity: 'warning' } } } })();
    await test({ mode: 'block' }, async (daemon, sessionId) => {
      expect((await daemon.fault('command/runCode', { sessionId, code: 'echo bad' })).code).to.equal(1032);
    }, { initializationOptions: { scan: { mode: 'off', rules: { 'python/bad': 'off' } } } })();
  });

  it('keeps input and signals of a command that waits for its scan', test({ mode: 'block' }, async (daemon, sessionId) => {
    const running = daemon.result('command/executeShell', { sessionId, command: 'cat', interactive: true, commandId: 'cat' });
    daemon.wire.send({ jsonrpc: '2.0', method: 'command/input', params: { commandId: 'cat', data: 'hello\n', end: true } });
    expect(await running).to.deep.include({ outcome: 'exited' });
    expect(daemon.received('command/output').map(({ data }) => data).join('')).to.equal('hello\n');
  }));
});
