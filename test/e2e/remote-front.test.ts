/** The front door of a daemon that listens: TLS, its socket, its token and certificate while it runs, and the folders that it shares. */
import { expect } from 'chai';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { certify } from '../packages/indexes/certificate.ts';
import { need, program } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { codebeaker } from './command-line.ts';
import { until } from './environment.ts';
import { RemoteClient, RemoteDaemon } from './remote-daemon.ts';

describe('the front door of a daemon that listens', () => {
  before(need('openssl', program('openssl')));

  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const status = async (daemon: RemoteDaemon, token: string) => (await fetch(`http://${daemon.at}/rpc`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status;

  it('speaks TLS, takes another certificate on SIGHUP, and gives up on whoever does not finish the handshake', async () => {
    const [one, two] = [certify('localhost'), certify('localhost')];
    const [cert, key] = [write('cert', one.cert), write('key', one.key)];
    const daemon = await RemoteDaemon.start({ args: ['--tls-cert', cert, '--tls-key', key] });
    const port = Number(daemon.at.split(':')[1]);
    const talk = async (ca: string) => {
      const client = new RemoteClient(new WebSocket(`wss://localhost:${port}/`, { ca, headers: { authorization: `Bearer ${daemon.token}` } }));
      await client.initialize();
      return client.end();
    };
    const plain = connectTcp(port, '127.0.0.1').on('error', () => undefined);
    const closed = once(plain.resume(), 'close');
    expect(await talk(one.cert)).to.equal(1000);
    const stranger = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: one.cert });
    await once(stranger, 'secureConnect');
    const cut = once(stranger.resume().on('error', () => undefined), 'close');
    writeFileSync(cert, two.cert);
    writeFileSync(key, two.key);
    daemon.process.kill('SIGHUP');
    const served = () => new Promise<string>((resolve) => {
      const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.toString() ?? '');
        socket.destroy();
      });
    });
    await until('the other certificate counts', async () => (await served()).trim() === two.cert.trim());
    expect(await talk(two.cert)).to.equal(1000);
    await Promise.all([closed, cut]);
    expect(await daemon.stop()).to.equal(0);
    expect(daemon.stderr).to.equal('');
  });

  it('takes another token on SIGHUP, and keeps the old one if the new one can not be used', async () => {
    const daemon = await RemoteDaemon.start();
    const other = 'a'.repeat(32);
    writeFileSync(daemon.tokenPath, 'short');
    daemon.process.kill('SIGHUP');
    await until('it says so', () => daemon.stderr.includes('that were there before still count'));
    expect(daemon.stderr).not.to.contain(daemon.token);
    expect([await status(daemon, daemon.token), await status(daemon, other)]).to.deep.equal([415, 401]);
    writeFileSync(daemon.tokenPath, other);
    daemon.process.kill('SIGHUP');
    await until('the other token counts', async () => (await status(daemon, other)) === 415);
    expect(await status(daemon, daemon.token)).to.equal(401);
    expect(await daemon.stop('SIGINT')).to.equal(0);
  });

  it('serves no more clients at once than it may, and others when one has gone', async () => {
    const daemon = await RemoteDaemon.start({ args: ['--max-connections', '2'] });
    const [one, two] = [daemon.client(), daemon.client()];
    await Promise.all([one.initialize(), two.initialize()]);
    expect((await daemon.fetch('/rpc', { method: 'POST' })).status).to.equal(503);
    expect(await one.end()).to.equal(1000);
    await until('there is room again', async () => (await status(daemon, daemon.token)) === 415);
    expect(await daemon.stop()).to.equal(0);
  });

  it('listens at a socket in a folder of its own user alone, and takes the place of a dead daemon and of no living one', async () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o755);
    const listen = (path: string) => codebeaker(['serve', '--listen', `unix:${path}`]);
    expect(await listen(join(open, 's'))).to.include({ code: 1, stderr: `codebeaker: other users can enter the folder of the socket, ${open}: name one that is not there, which is made for you alone, such as unix:${join(open, 'codebeaker', 'daemon.sock')}\n` });
    expect(await listen(write('file', ''))).to.include({ code: 1, stderr: `codebeaker: ${join(folder, 'file')} exists and is no socket\n` });
    const living = await RemoteDaemon.start({ unix: true });
    expect([statSync(living.at).mode & 0o777, statSync(join(living.at, '..')).mode & 0o777]).to.deep.equal([0o600, 0o700]);
    expect(await listen(living.at)).to.include({ code: 1, stderr: `codebeaker: another daemon listens at ${living.at}\n` });
    living.process.kill('SIGKILL');
    await living.exited;
    const next = await RemoteDaemon.start({ unix: true, at: living.at });
    const client = next.client();
    expect((await client.initialize()).serverInfo.name).to.equal('codebeaker');
    expect(await next.stop()).to.equal(0);
    expect(statSync(living.at, { throwIfNoEntry: false })).to.equal(undefined);
  });

  it('says where it can not listen', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, stderr } = await codebeaker(['serve', '--listen', `127.0.0.1:${port}`, '--token-file', write('token', 'f'.repeat(32))]);
    expect([code, stderr]).to.deep.equal([1, `codebeaker: it cannot listen at port ${port} of 127.0.0.1: something else listens there\n`]);
    other.close();
  });

  describe('with native sandboxes', () => {
    before(need('bubblewrap', bubblewrap));

    it('shares no folder of its machine but those that --share names', async () => {
      const [shared, own] = [join(folder, 'shared'), join(folder, 'own')];
      for (const each of [shared, own]) {
        mkdirSync(each);
        writeFileSync(join(each, 'x.txt'), 'hello');
      }
      symlinkSync(own, join(shared, 'out'));
      const daemon = await RemoteDaemon.start({ unix: true, args: ['--share', shared] });
      const client = daemon.client();
      await client.initialize({}, { workspaceFolders: [shared, own, '/'].map((path) => ({ uri: `file://${path}`, name: path })) });
      const read = async (path: string) => {
        const { result, error } = await client.call('session/create', { runtime: 'native', language: 'python', workspace: { uri: `file://${path}`, access: 'copy' } });
        return error ? [error.data.kind, error.data.rule] : (await client.request('command/readFile', { sessionId: result.sessionId, path: 'x.txt' })).content;
      };
      expect(await read(shared)).to.equal('hello');
      for (const path of [own, join(shared, 'out'), '/nowhere', join(shared, '../own')]) expect([path, await read(path)]).to.deep.equal([path, ['PolicyDenied', 'share']]);
      expect(await daemon.stop()).to.equal(0);
    });
  });
});
