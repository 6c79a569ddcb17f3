/** `history/…`: what ran is kept, listed and run again, by whatever way it was asked for. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../../server/src/protocol/index.ts';
import { temporaryFolder } from '../policy/folder.ts';
import type { Json } from '../wire/wire.ts';
import { type DaemonOptions, type TestDaemon, withDaemon } from './daemon.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the history', () => {
  const folder = temporaryFolder();
  const historyFolder = () => join(folder(), 'history');
  const texts = () => readdirSync(historyFolder()).map((name) => readFileSync(join(historyFolder(), name), 'utf8'));

  const within = (config: Config, test: (daemon: TestDaemon) => Promise<void>, params: object = {}, options: DaemonOptions = {}) =>
    withDaemon({ config, historyFolder: historyFolder(), ...options }, async (daemon) => {
      expect((await daemon.initialize({ clientInfo: { name: 'ed', version: '7' }, ...params })).capabilities.history).to.deep.equal({});
      await test(daemon);
    });
  const list = async (daemon: TestDaemon, params: object = {}): Promise<Json[]> => (await daemon.result('history/list', params)).entries;

  it('has what ran, with how it ended, the latest first; and of code and commands only the digest', () =>
    within({}, async (daemon) => {
      const sessionId = await daemon.session({ label: 'mine', limits: { pids: 20 } });
      await daemon.result('command/runCode', { sessionId, code: 'print "hi"\nexit 3', args: ['--fast'], uri: 'file:///home/ada/a.py', env: { TOKEN: 'in-env' }, stdin: 'in-stdin' });
      await daemon.result('session/execute', { sessionId, command: { type: 'executeShell', command: 'echo secret-command' } });
      const [command, code] = await list(daemon);
      expect(code).to.deep.include({
        sessionId, label: 'mine', method: 'command/runCode', language: 'python', runtime: 'fake', args: ['--fast'], uri: 'file:///home/ada/a.py', codeSha256: sha256('print "hi"\nexit 3'), codeBytes: 17,
        outcome: 'exited', exitCode: 3, signal: null, stdoutBytes: 2, stderrBytes: 0, client: { name: 'ed', version: '7' }, limits: { pids: 20 },
      });
      expect(command).to.deep.include({ method: 'command/executeShell', outcome: 'exited', exitCode: 0, codeSha256: sha256('echo secret-command') });
      expect(texts().join()).not.to.match(/secret-command|in-env|in-stdin|print "hi"/);
      const [name = ''] = readdirSync(historyFolder());
      expect([statSync(historyFolder()).mode & 0o777, statSync(join(historyFolder(), name)).mode & 0o777]).to.deep.equal([0o700, 0o600]);
    }));

  it('has the text as well, where the configuration says so', () =>
    within({ history: { code: 'keep' } }, async (daemon) => {
      const sessionId = await daemon.session();
      await daemon.result('command/runCode', { sessionId, code: 'print "hi"' });
      await daemon.result('command/executeShell', { sessionId, command: ['echo', 'a b'] });
      expect((await list(daemon)).map(({ code, command }) => [code, command])).to.deep.equal([[undefined, ['echo', 'a b']], ['print "hi"', undefined]]);
    }));

  it('has what failed and what was stopped, but nothing of what was asked too often or of sessions that are not there', () =>
    within({ quotas: { perSession: { commands: 2 } } }, async (daemon) => {
      const sessionId = await daemon.session();
      await daemon.fault('command/runCode', { sessionId, path: 'none.py' });
      const sleeping = daemon.result('command/runCode', { sessionId, code: 'sleep 100000', timeoutMs: 1000 });
      await daemon.server.clock.advance(1000);
      await sleeping;
      await daemon.fault('command/runCode', { sessionId, code: 'print 1' });
      await daemon.fault('command/runCode', { sessionId: 'none', code: 'print 1' });
      expect((await list(daemon)).map(({ outcome, error, path, durationMs }) => [outcome, error, path, durationMs])).to.deep.equal([
        ['failed', 'QuotaExceeded', undefined, 0], ['timedOut', undefined, undefined, 1000], ['failed', 'FileNotFound', 'none.py', 0],
      ]);
      await daemon.server.clock.advance(100_000);
    }));

  it('is found by session, language, runtime, outcome and time, in pages', () =>
    within({}, async (daemon) => {
      const one = await daemon.session();
      const two = await daemon.session({ language: 'shellscript' });
      const times: string[] = [];
      for (const [sessionId, code] of [[one, 'exit 0'], [two, 'exit 1'], [one, 'exit 2'], [two, 'exit 3']] as const) {
        await daemon.result('command/runCode', { sessionId, code });
        times.push((await list(daemon, { limit: 1 }))[0].at);
        await daemon.server.clock.advance(60_000);
      }
      const codes = async (params: object) => (await list(daemon, params)).map(({ exitCode }) => exitCode);
      expect(await codes({ sessionId: one })).to.deep.equal([2, 0]);
      expect(await codes({ language: 'shellscript' })).to.deep.equal([3, 1]);
      expect(await codes({ runtime: 'fake', outcome: 'exited', limit: 3 })).to.deep.equal([3, 2, 1]);
      expect(await codes({ runtime: 'docker' })).to.deep.equal([]);
      expect(await codes({ since: times[1], until: times[3] })).to.deep.equal([2, 1]);
      const [latest] = await list(daemon, { limit: 1 });
      expect(await codes({ before: latest.entryId, limit: 2 })).to.deep.equal([2, 1]);
      expect((await daemon.fault('history/list', { since: 'yesterday' })).data.issues[0].path).to.equal('since');
    }));

  it('outlives the daemon, and tells each what the others have run', async () => {
    await within({}, async (daemon) => void (await daemon.result('command/runCode', { sessionId: await daemon.session(), code: 'exit 1' })));
    await within({}, async (one) => {
      await one.result('command/runCode', { sessionId: await one.session(), code: 'exit 2' });
      await within({}, async (other) => {
        await other.result('command/runCode', { sessionId: await other.session(), code: 'exit 3' });
        expect((await list(one)).map(({ exitCode }) => exitCode)).to.deep.equal([2, 1], 'what the other has not written yet');
        expect((await list(other)).map(({ exitCode }) => exitCode)).to.have.members([3, 2, 1]);
      });
      expect((await list(one)).map(({ exitCode }) => exitCode)).to.have.members([3, 2, 1]);
    });
  });

  it('costs an answer nothing: it is written afterwards, at most once a second', () =>
    within({}, async (daemon) => {
      const sessionId = await daemon.session();
      await daemon.result('command/runCode', { sessionId, code: 'exit 0' });
      expect(existsSync(historyFolder())).to.equal(false);
      await daemon.server.clock.advance(0);
      for (let run = 0; run < 100; run++) await daemon.result('command/runCode', { sessionId, code: 'exit 0' });
      expect((await list(daemon, { limit: 1000 })).length).to.equal(101);
    }));

  it('tells a client that wants it when there are other entries, and no other client', async () => {
    const changes = async (daemon: TestDaemon) => {
      await daemon.result('command/runCode', { sessionId: await daemon.session(), code: 'exit 0' });
      await daemon.result('history/clear');
      return daemon.received('history/changed').length;
    };
    await within({}, async (daemon) => void expect(await changes(daemon)).to.equal(2), { capabilities: { history: { changed: true } } });
    await within({}, async (daemon) => void expect(await changes(daemon)).to.equal(0));
  });

  it('is not kept where the configuration says so, and its methods are then not served', () =>
    withDaemon({}, async (daemon) => {
      const { capabilities } = await daemon.initialize();
      expect([capabilities.history, capabilities.methods.filter((name: string) => name.startsWith('history'))]).to.deep.equal([undefined, []]);
      expect((await daemon.fault('history/list')).data.kind).to.equal('MethodNotFound');
    }));

  it('holds no secret of a session, wherever one stood', () =>
    within({ history: { code: 'keep' } }, async (daemon) => {
      const TOKEN = 'ghp_16C7e42F292c6912E7';
      const sessionId = await daemon.session({ secrets: { TOKEN }, label: `for ${TOKEN}` });
      await daemon.result('command/runCode', { sessionId, code: `print "${TOKEN}"`, args: [`--token=${TOKEN}`], uri: `file:///${TOKEN}` });
      await daemon.result('command/executeShell', { sessionId, command: ['echo', TOKEN, Buffer.from(TOKEN).toString('base64')] });
      const [command, code] = await list(daemon);
      expect([code.args, code.code, code.label, command.command[1], code.redacted]).to.deep.equal([['--token=***'], 'print "***"', 'for ***', '***', true]);
      expect(texts().join()).not.to.contain(TOKEN);
      expect((await daemon.fault('history/rerun', { entryId: code.entryId })).message).to.contain('secret');
    }));

  it('does not stop work where it can\'t be written, keeps it in memory, and says so once', async () => {
    writeFileSync(historyFolder(), 'no folder');
    await within({}, async (daemon) => {
      const sessionId = await daemon.session();
      for (let run = 0; run < 3; run++) {
        await daemon.result('command/runCode', { sessionId, code: `exit ${run}` });
        await daemon.server.clock.advance(1000);
      }
      const { message } = await daemon.fault('history/list');
      expect(message).to.match(/^the history can't be read or changed \(E/);
      const told = daemon.server.lines.map((line) => JSON.stringify(line)).filter((line) => line.includes('be written'));
      expect(told).to.have.lengthOf(1);
      expect(told[0]).to.contain('what ran can\'t be written into the history (ENOTDIR)');
    });
  });

  describe('run again', () => {
    it('runs the same in the session that is named, and the history has that as well', () =>
      within({ history: { code: 'keep' } }, async (daemon) => {
        const sessionId = await daemon.session();
        await daemon.result('command/runCode', { sessionId, code: 'print "hi"', args: ['x'], cwd: '/workspace' });
        const [{ entryId }] = await list(daemon);
        const result = await daemon.result('history/rerun', { entryId: entryId.slice(0, 8), sessionId });
        expect(result).to.include({ sessionId, outcome: 'exited', stdout: 'hi', language: 'python' });
        expect(daemon.sandbox.processes.at(-1)?.program.command.at(-1)).to.equal('x');
        expect(await list(daemon)).to.have.lengthOf(2);
        expect(daemon.runtime.open).to.have.lengthOf(1);
      }));

    it('without one, in a session like the first, which is closed afterwards', () =>
      within({ history: { code: 'keep' } }, async (daemon) => {
        const sessionId = await daemon.session({ label: 'mine', limits: { pids: 20 } });
        await daemon.result('command/runCode', { sessionId, code: 'print "hi"' });
        await daemon.result('session/close', { sessionId });
        const [{ entryId }] = await list(daemon);
        const { sessionId: own, stdout } = await daemon.result('history/rerun', { entryId });
        expect([own === sessionId, stdout, daemon.runtime.open, daemon.sandbox.spec.limits.pids]).to.deep.equal([false, 'hi', [], 20]);
        const streamed = await daemon.result('history/rerun', { entryId, commandId: 'mine' });
        expect([streamed.stdout, daemon.received('command/output').map(({ data }) => data)]).to.deep.equal([undefined, ['hi']]);
      }));

    it('runs the file of a folder that the client has open, and no other folder', async () => {
      const open = pathToFileURL(folder()).href;
      await within({}, async (daemon) => {
        const sessionId = await daemon.session({ workspace: { uri: open, access: 'copy' } });
        await daemon.result('command/writeFile', { sessionId, path: 'a.py', content: 'print "from"' });
        await daemon.result('command/runCode', { sessionId, path: 'a.py' });
        const [entry] = await list(daemon);
        expect(entry.workspace).to.deep.equal({ uri: open, access: 'copy' });
        expect((await daemon.fault('history/rerun', { entryId: entry.entryId })).data.kind).to.equal('FileNotFound');
        expect(daemon.sandbox.spec.workspace?.path).to.equal(folder());
        await daemon.result('command/runCode', { sessionId, path: 'a.py', uri: 'file:///a.py#selection' });
        const [part] = await list(daemon);
        expect((await daemon.fault('history/rerun', { entryId: part.entryId })).message).to.contain('only a part of a.py was run');
      }, { workspaceFolders: [{ uri: open, name: 'it' }] });
      await within({}, async (daemon) => {
        const entry = (await list(daemon)).at(-1);
        expect((await daemon.fault('history/rerun', { entryId: entry.entryId })).data.kind).to.equal('PolicyDenied');
        expect((await daemon.fault('history/rerun', { entryId: entry.entryId, sessionId: 'none' })).data.kind).to.equal('SessionNotFound');
      });
    });

    it('passes the gate: what is not allowed or used up today is refused', async () => {
      let entryId = '';
      await within({ history: { code: 'keep' }, maxLimits: { pids: 1000 } }, async (daemon) => {
        await daemon.result('command/runCode', { sessionId: await daemon.session({ limits: { pids: 500 } }), code: 'print "hi"' });
        [{ entryId }] = await list(daemon) as [Json];
      });
      await within({ maxLimits: { pids: 100 } }, async (daemon) => {
        expect((await daemon.fault('history/rerun', { entryId })).data).to.include({ kind: 'PolicyDenied', rule: 'maxLimits.pids' });
      });
      await within({ quotas: { perDay: { commands: 1 } } }, async (daemon) => {
        const sessionId = await daemon.session();
        await daemon.result('history/rerun', { entryId, sessionId });
        expect((await daemon.fault('history/rerun', { entryId, sessionId })).data.kind).to.equal('QuotaExceeded');
      });
    });

    it('takes what was not kept only if it is the same, and says how it is kept', () =>
      within({}, async (daemon) => {
        const sessionId = await daemon.session();
        await daemon.result('command/runCode', { sessionId, code: 'print "hi"' });
        await daemon.result('command/executeShell', { sessionId, command: 'echo 1' });
        await daemon.result('command/writeFile', { sessionId, path: 'a.py', content: 'print "1"' });
        await daemon.result('command/runCode', { sessionId, path: 'a.py' });
        const [file, command, code] = (await list(daemon)).map(({ entryId }) => entryId);
        expect((await daemon.fault('history/rerun', { entryId: code })).message).to.contain('set history.code to keep');
        expect((await daemon.fault('history/rerun', { entryId: code, code: 'print "ho"' })).data.kind).to.equal('InvalidParams');
        expect((await daemon.result('history/rerun', { entryId: code, code: 'print "hi"' })).stdout).to.equal('hi');
        expect((await daemon.result('history/rerun', { entryId: command, command: 'echo 1' })).outcome).to.equal('exited');
        expect((await daemon.fault('history/rerun', { entryId: file })).message).to.contain('a.py was a file of a sandbox that is gone');
        expect((await daemon.result('history/rerun', { entryId: file, sessionId })).stdout).to.equal('1');
        expect((await daemon.fault('history/rerun', { entryId: 'nothing' })).message).to.contain('the history has no entry nothing');
      }));
  });

  it('is cleared as a whole, or up to a time', () =>
    within({}, async (daemon) => {
      const sessionId = await daemon.session();
      for (const code of ['exit 1', 'exit 2', 'exit 3']) {
        await daemon.result('command/runCode', { sessionId, code });
        await daemon.server.clock.advance(60_000);
      }
      const [, second] = await list(daemon);
      expect(await daemon.result('history/clear', { before: second.at })).to.deep.equal({ removed: 1 });
      expect((await list(daemon)).map(({ exitCode }) => exitCode)).to.deep.equal([3, 2]);
      expect(texts().join()).not.to.contain('"exitCode":1');
      await daemon.result('command/runCode', { sessionId, code: 'exit 4' });
      expect(await daemon.result('history/clear')).to.deep.equal({ removed: 3 });
      expect([await list(daemon), texts()]).to.deep.equal([[], []]);
      await daemon.result('command/runCode', { sessionId, code: 'exit 5' });
      expect(await list(daemon)).to.have.lengthOf(1);
    }));
});
