/** `codebeaker connect`: an editor that starts it has the programs run by a daemon elsewhere, with the real command, daemon and ssh. */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { authorityFor } from '../network/authority.ts';
import { need, program } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { codebeaker } from './command-line.ts';
import { processes, until } from './environment.ts';
import { RawClient } from './raw-client.ts';
import { remoteDaemons, tokenFile } from './remote-daemon.ts';
import { type Sshd, sshServer, startSshd } from './sshd.ts';

const connect = (url: string, args: string[] = [], env: Record<string, string> = {}) => new RawClient({ args: ['connect', url, ...args], env });
const run = async (client: RawClient, code: string, more: object = {}) => {
  const { sessionId } = await client.request('session/create', { language: 'python', runtime: 'native', ...more });
  return (await client.request('command/runCode', { sessionId, code })).stdout as string;
};

describe('a daemon elsewhere', function () {
  let folder: string;
  before(need('bubblewrap', bubblewrap));
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  const start = remoteDaemons();

  it('at a unix socket runs a program with a copy of a folder that it does not see, and takes and gives long messages', async () => {
    const daemon = await start({ unix: true });
    const project = join(folder, 'p');
    mkdirSync(join(project, 'sub'), { recursive: true });
    writeFileSync(join(project, 'sub/names.txt'), 'Ada\n');
    writeFileSync(join(project, 'requirements.txt'), '');
    writeFileSync(join(project, 'secret.log'), '');
    writeFileSync(join(project, '.gitignore'), '*.log\n');
    mkdirSync(join(project, '.git'));
    const client = connect(`unix:${daemon.at}`);
    const { serverInfo } = await client.request('initialize', { processId: process.pid, workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'f' }], capabilities: {} });
    expect(serverInfo.name).to.equal('codebeaker');
    client.notify('initialized', {});
    const workspace = { uri: pathToFileURL(project).href, access: 'copy' };
    expect(await run(client, 'import os\nprint(sorted(name for name in os.listdir() if not name.startswith("main-")), open("sub/names.txt").read().strip())', { workspace })).to.equal("['.gitignore', 'requirements.txt', 'sub'] Ada\n");
    const refused = await client.call('session/create', { language: 'python', workspace: { uri: 'file:///etc', access: 'copy' } });
    expect(refused.error?.data).to.deep.include({ kind: 'PolicyDenied', rule: 'workspaceFolders' });
    const { sessionId } = await client.request('session/create', { language: 'python', runtime: 'native', limits: { memoryBytes: 512 * 1024 ** 2, diskBytes: 256 * 1024 ** 2 } });
    const port = await client.call('ports/forward', { sessionId, port: 8000 });
    expect(port.error?.message).to.contain('the daemon is on another machine');
    // In JSON each of these takes two bytes.
    const content = `${'"'.repeat(31 * 1024 ** 2)}é`;
    await client.request('command/writeFile', { sessionId, path: 'long', content });
    const { content: back } = await client.request('command/readFile', { sessionId, path: 'long', length: content.length + 1 });
    expect(back === content, 'the same comes back').to.equal(true);
    expect(await client.end()).to.equal(0);
    expect(client.stderr).to.equal('');
    await daemon.stop();
  });

  it('is told that the client has gone when that leaves without a word', async () => {
    const daemon = await start({ unix: true });
    const client = connect(`unix:${daemon.at}`, ['--same-machine']);
    await client.initialize();
    const mark = `mark-${daemon.pid}-${Date.now()}`;
    const { sessionId } = await client.request('session/create', { language: 'shellscript', runtime: 'native' });
    void client.call('command/executeShell', { sessionId, command: `sleep 600; : ${mark}` });
    await until('the program runs', () => processes(mark).length > 0);
    client.process.stdin?.end();
    expect(await client.exited).to.equal(0);
    await until('the program is gone', () => processes(mark).length === 0);
    await daemon.stop();
  });

  it('at a port wants its token, which no list of processes shows, and ends the bridge when it ends', async () => {
    const daemon = await start();
    const url = `ws://${daemon.at}`;
    const strangers = [connect(url), connect(url, [], { CODEBEAKER_TOKEN: 'x'.repeat(32) }), connect(url, ['--token-file', tokenFile().path])];
    for (const [at, stranger] of strangers.entries()) {
      const { error } = await stranger.call('initialize', { processId: null, capabilities: {} });
      expect(error?.data).to.deep.equal({ kind: 'DaemonUnreachable', reason: 'token' });
      expect(await stranger.exited).to.equal(69);
      expect(stranger.stderr).to.equal(`codebeaker: the daemon at ${url} wants a token${at === 0 ? '' : ', and not this one'}: it is in the file that codebeaker serve was given as --token-file${at === 0 ? '; connect takes it by --token-file FILE, or in CODEBEAKER_TOKEN' : ''}\n`);
    }
    const client = connect(url, [], { CODEBEAKER_TOKEN: daemon.token });
    await client.initialize();
    expect(await run(client, 'print("in")')).to.equal('in\n');
    expect(readFileSync(`/proc/${client.process.pid}/cmdline`, 'utf8')).not.to.contain(daemon.token);
    await daemon.stop();
    expect(await client.exited).to.equal(69);
    expect(client.stderr).to.match(/^codebeaker: the daemon at ws:\/\/127\.0\.0\.1:\d+ has ended the connection: code 1000\n$/);
    const late = connect(url, ['--token-file', daemon.tokenPath]);
    expect((await late.call('initialize', { processId: null, capabilities: {} })).error?.data.reason).to.equal('address');
  });

  describe('by TLS', () => {
    before(need('openssl', program('openssl')));

    it('is trusted where its authority is', async () => {
      const { certificate, issued } = authorityFor('localhost');
      const at = (name: string, text: string) => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      const daemon = await start({ args: ['--tls-cert', at('cert', issued.cert), '--tls-key', at('key', issued.key)] });
      const url = `wss://localhost:${daemon.at.split(':')[1]}`;
      const stranger = connect(url, ['--token-file', daemon.tokenPath]);
      expect((await stranger.call('initialize', { processId: null, capabilities: {} })).error?.data.reason).to.equal('tls');
      const client = connect(url, ['--token-file', daemon.tokenPath, '--ca', at('ca', certificate)]);
      await client.initialize();
      expect(await run(client, 'print("private")')).to.equal('private\n');
      expect(await client.end()).to.equal(0);
      await daemon.stop();
    });
  });

  describe('by ssh', () => {
    before(need('sshd', sshServer));
    let sshd: Sshd;
    before(async () => {
      sshd = await startSshd();
    });
    after(() => sshd.stop());

    it('is reached at its socket and at its port, and nothing of ssh stays, also where the bridge is killed', async () => {
      const [atSocket, atPort] = await Promise.all([start({ unix: true }), start()]);
      const env = { PATH: `${sshd.bin}:${process.env.PATH}`, CODEBEAKER_TOKEN: atPort.token };
      const clients = [connect(`ssh://${sshd.at}${atSocket.at}`, [], env), connect(`ssh://${sshd.at}?port=${atPort.at.split(':')[1]}`, [], env)];
      for (const client of clients) {
        await client.initialize();
        expect(await run(client, 'print("far")')).to.equal('far\n');
      }
      const ofSsh = () => [...processes(`${atSocket.at} -p`), ...processes(`-W 127.0.0.1:${atPort.at.split(':')[1]}`)];
      expect(ofSsh()).not.to.deep.equal([]);
      clients[0]?.process.kill('SIGKILL');
      expect(await clients[1]?.end()).to.equal(0);
      await until('ssh has ended', () => ofSsh().length === 0);
      const none = connect(`ssh://${sshd.at}/run/no-such.sock`, [], env);
      expect((await none.call('initialize', { processId: null, capabilities: {} })).error).to.deep.include({ data: { kind: 'DaemonUnreachable', reason: 'address' } });
      await Promise.all([atSocket.stop(), atPort.stop()]);
    });
  });

  it('is not called where the token would be seen, or the command line is wrong', async () => {
    const { path } = tokenFile();
    for (const [args, why] of [
      [['ws://192.0.2.1:7070'], 'could read the token and the code: use wss://'],
      [['ws://192.0.2.1:7070', '--token-file', path], 'everybody on the way to ws://192.0.2.1:7070 could read the token'],
      [['wss://192.0.2.1', '--token-file', tokenFile(undefined, 0o644).path], 'others can read or change it'],
      [['wss://192.0.2.1', '--ca', '/no/such.pem'], '--ca /no/such.pem: it cannot be read (ENOENT)'],
      [['http://x'], 'http://x is none'],
      [[], 'connect needs the address of a daemon'],
    ] as const) {
      const { code, stderr } = await codebeaker(['connect', ...args], { input: '' });
      expect([code, stderr.includes(why)], stderr).to.deep.equal([64, true]);
    }
    const client = connect('wss://192.0.2.1', ['--token-file', '/no/such']);
    expect((await client.call('initialize', { processId: null, capabilities: {} })).error).to.deep.include({ code: 1006, data: { kind: 'DaemonUnreachable', reason: 'settings' } });
    expect(await client.exited).to.equal(64);
    const { code, stderr } = await codebeaker(['connect', 'unix:x'], { input: '', env: { CODEBEAKER_TOKEN: 'short' } });
    expect([code, stderr]).to.deep.equal([64, 'codebeaker: CODEBEAKER_TOKEN: the token has 5 characters, and needs at least 32\n']);
  });
});
