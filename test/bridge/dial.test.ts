/** How a daemon elsewhere is called, by real sockets, and what people are told where that fails. Scripts are in the place of ssh. */
import { expect } from 'chai';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createPlain, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { parseAddress } from '../../server/src/bridge/address.ts';
import { dial, type DialParts, type Line } from '../../server/src/bridge/dial.ts';
import { CannotConnect } from '../../server/src/bridge/fault.ts';
import { FakeClock } from '../fakes/clock.ts';
import { need, program } from '../require.ts';
import { until } from '../e2e/environment.ts';
import { authorityFor } from '../network/authority.ts';

const TOKEN = 'a'.repeat(32);

describe('calling a daemon elsewhere', () => {
  let folder: string;
  const cleaning: (() => void)[] = [];
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'dial-'))));
  afterEach(() => {
    for (const clean of cleaning.splice(0)) clean();
    rmSync(folder, { recursive: true });
  });

  const clock = new FakeClock();
  const call = async (url: string, parts: Partial<DialParts> = {}, signal = new AbortController().signal): Promise<Line> => {
    const line = await dial(parseAddress(url), { token: undefined, ca: undefined, env: { ...process.env, PATH: `${folder}:${process.env.PATH}` }, temporary: folder, clock, ...parts }, signal);
    cleaning.push(() => line.dispose());
    return line;
  };
  const whyNot = async (url: string, parts?: Partial<DialParts>): Promise<[string, string]> => {
    try {
      await call(url, parts);
    } catch (fault) {
      if (fault instanceof CannotConnect) return [fault.reason, fault.message];
      throw fault;
    }
    throw new Error('it can be reached');
  };

  /** What listens, like a daemon, at a port or at a path. @returns the requests that it got */
  const listen = async (server: Server, at: number | string = 0, protocol: string | false = 'codebeaker.v1') => {
    const came: IncomingMessage[] = [];
    const webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => protocol });
    server.on('upgrade', (request, socket, head) => {
      came.push(request);
      webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => webSocket.on('message', (data: Buffer) => webSocket.send(data.toString())));
    });
    await once(server.listen(typeof at === 'number' ? { port: at, host: '127.0.0.1' } : { path: at }), 'listening');
    cleaning.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { came, port: typeof at === 'number' ? (server.address() as AddressInfo).port : 0 };
  };
  const echo = async ({ webSocket }: Line) => {
    const answer = once(webSocket, 'message');
    webSocket.send('hello');
    return String((await answer)[0]);
  };

  it('shows the token to it alone, by its name, and asks for the protocol', async () => {
    const { came, port } = await listen(createServer());
    const line = await call(`ws://localhost:${port}`, { token: TOKEN });
    expect(await echo(line)).to.equal('hello');
    expect(came[0]?.headers).to.deep.include({ host: `localhost:${port}`, authorization: `Bearer ${TOKEN}`, 'sec-websocket-protocol': 'codebeaker.v1' });
    line.webSocket.close();
    expect((await line.closed).code).to.equal(1005);
  });

  it('calls it localhost at a socket, and shows no token where there is none', async () => {
    const path = join(folder, 'daemon.sock');
    const { came } = await listen(createServer(), path);
    expect(await echo(await call(`unix:${path}`))).to.equal('hello');
    expect(came[0]?.headers).to.include({ host: 'localhost' }).and.not.to.have.property('authorization');
  });

  it('says that nothing is there', async () => {
    const plain = createPlain().listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    await new Promise((resolve) => plain.close(resolve));
    expect(await whyNot(`ws://127.0.0.1:${port}`)).to.deep.equal(['address', `the daemon at ws://127.0.0.1:${port} cannot be reached: nothing listens there: start codebeaker serve --listen`]);
    expect((await whyNot(`unix:${folder}/none`))[1]).to.contain('there is no such socket: start codebeaker serve --listen');
  });

  it('says that it wants a token, and what else it has against the call, without what a stranger says', async () => {
    const answers = [[401, '{"error":{"message":"no"}}'], [421, '{"error":{"message":"another name\\n\\u001b[31m"}}'], [401, 'go away'], [200, '<html>'], [404, '{}']] as const;
    const told: [string, string][] = [];
    for (const [status, text] of answers) {
      const server = createServer();
      server.on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`));
      const { port: at } = await new Promise<AddressInfo>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo)));
      cleaning.push(() => server.close());
      const [reason, message] = await whyNot(`ws://127.0.0.1:${at}`);
      told.push([reason, message.replace(`ws://127.0.0.1:${at}`, 'X')]);
    }
    expect(told).to.deep.equal([
      ['token', 'the daemon at X wants a token: it is in the file that codebeaker serve was given as --token-file; connect takes it by --token-file FILE, or in CODEBEAKER_TOKEN'],
      ['refused', 'the daemon at X lets nobody in: another name  [31m'],
      ['other', 'what answers at X is no CodeBeaker daemon (HTTP status 401)'],
      ['other', 'what answers at X is no CodeBeaker daemon (HTTP status 200)'],
      ['other', 'what answers at X is no CodeBeaker daemon (HTTP status 404)'],
    ]);
  });

  it('says that what answers is no daemon: another WebSocket, or something that is no HTTP', async () => {
    const { port } = await listen(createServer(), 0, false);
    expect((await whyNot(`ws://127.0.0.1:${port}`))[0]).to.equal('other');
    const ssh = createPlain((socket) => void socket.on('error', () => undefined).end('SSH-2.0-x\r\n')).listen(0, '127.0.0.1');
    await once(ssh, 'listening');
    cleaning.push(() => ssh.close());
    expect((await whyNot(`ws://127.0.0.1:${(ssh.address() as AddressInfo).port}`))[0]).to.equal('other');
  });

  it('waits ten seconds for one that says nothing', async () => {
    const held = createPlain().listen(0, '127.0.0.1');
    await once(held, 'listening');
    const came = once(held, 'connection');
    cleaning.push(() => held.close());
    const url = `ws://127.0.0.1:${(held.address() as AddressInfo).port}`;
    const outcome = whyNot(url);
    const [socket] = (await came) as [Socket];
    socket.resume();
    const closed = once(socket, 'close');
    await clock.advance(10_000);
    expect(await outcome).to.deep.equal(['address', `nothing at ${url} has answered within 10 seconds: is it a codebeaker serve --listen?`]);
    await closed;
  });

  describe('by TLS', () => {
    before(need('openssl', program('openssl')));

    it('trusts whom the authority knows by this name, and nobody else', async () => {
      const { certificate, issued } = authorityFor('localhost');
      const { port } = await listen(createTlsServer(issued));
      const ca = Buffer.from(certificate);
      expect(await echo(await call(`wss://localhost:${port}`, { ca, token: TOKEN }))).to.equal('hello');
      const told = [await whyNot(`wss://localhost:${port}`), await whyNot(`wss://127.0.0.1:${port}`, { ca }), await whyNot(`wss://localhost:${port}`, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } })];
      for (const [reason, message] of told) expect(`${reason} ${message}`).to.match(/^tls the certificate .* is not trusted \([A-Z_]+\): name that of its authority with --ca FILE/);
      expect((await whyNot(`ws://localhost:${port}`))[0], 'without TLS').to.equal('other');
      const plain = await listen(createServer());
      expect(await whyNot(`wss://localhost:${plain.port}`)).to.deep.equal(['tls', `what answers at wss://localhost:${plain.port} does not speak TLS: is it ws:// instead of wss://?`]);
    });
  });

  describe('by ssh', () => {
    /** A script in the place of ssh, which leaves its pid and its arguments. */
    const ssh = (script: string) => {
      writeFileSync(join(folder, 'ssh'), `#!/bin/sh\necho "$$ $*" >> ${join(folder, 'log')}\n${script}\n`);
      chmodSync(join(folder, 'ssh'), 0o755);
    };
    const arguments_ = () => readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').map((line) => line.replace(/^\d+ /, ''));
    /** A port or a socket over there, by node, as ssh would reach it. */
    const NODE = `exec ${process.execPath} -e`;

    it('reaches a port over there by what ssh prints and reads', async () => {
      const { port } = await listen(createServer());
      ssh(`${NODE} 'const s = require("net").connect(${port}, "127.0.0.1"); process.stdin.pipe(s).pipe(process.stdout)'`);
      const line = await call(`ssh://me@box:2222?port=${port}`, { env: { PATH: `${folder}:${process.env.PATH}` } });
      expect(await echo(line)).to.equal('hello');
      expect(arguments_()).to.deep.equal([`-T -W 127.0.0.1:${port} -p 2222 -- me@box`]);
    });

    it('reaches a socket over there by a socket here, which nobody else can find, and which is gone when it is connected', async () => {
      const path = join(folder, 'daemon.sock');
      await listen(createServer(), path);
      ssh(`for each; do case "$each" in */socket:*) local="\${each%%:*}";; esac; last="$each"; done; ls -ld "$(dirname "$local")" >> ${join(folder, 'mode')}
exec ${process.execPath} -e 'require("net").createServer((a) => { const b = require("net").connect("${path}"); a.pipe(b).pipe(a); a.on("error", () => 0) }).listen(process.argv[1], () => console.log("motd\\ncodebeaker: the way is open")); process.stdin.resume().on("end", () => process.exit())' "$local"`);
      const line = await call(`ssh://box${path}`);
      expect(await echo(line)).to.equal('hello');
      expect(arguments_()[0]).to.match(/^-T -o ControlMaster=no -o ControlPath=none -L .*\/codebeaker-ssh-\w+\/socket:.*daemon\.sock -- box echo 'codebeaker: the way is open'; exec cat >\/dev\/null$/);
      expect(readFileSync(join(folder, 'mode'), 'utf8')).to.match(/^drwx------/);
      expect(readdirSync(folder).filter((name) => name.startsWith('codebeaker-ssh'))).to.deep.equal([]);
      const pid = /^\d+/.exec(readFileSync(join(folder, 'log'), 'utf8'))?.[0];
      line.dispose();
      await until('ssh has ended', () => {
        try {
          process.kill(Number(pid), 0);
          return false;
        } catch {
          return true;
        }
      });
    });

    for (const place of ['?port=7070', '/run/x.sock']) {
      it(`leaves nothing of ssh that is still logging in when nobody waits any more, for ${place}`, async () => {
        ssh('echo; exec sleep 600');
        const leaving = new AbortController();
        const calling = call(`ssh://box${place}`, {}, leaving.signal).catch((fault: unknown) => fault);
        await until('ssh runs', () => existsSync(join(folder, 'log')));
        const pid = Number(/^\d+/.exec(readFileSync(join(folder, 'log'), 'utf8'))?.[0]);
        leaving.abort(new Error('gone'));
        expect(await calling).to.have.property('message', 'gone');
        await until('ssh has ended', () => !existsSync(`/proc/${pid}`));
        expect(readdirSync(folder).filter((name) => name.startsWith('codebeaker-ssh'))).to.deep.equal([]);
      });
      const start = place === '/run/x.sock' ? 'unix:/run/x.sock' : '127.0.0.1:7070';
      it(`says what ssh says where it fails, on the way to ${start}`, async () => {
        const url = `ssh://box${place}`;
        ssh('echo banner >&2; echo "me@box: Permission denied (publickey)." >&2; exit 255');
        expect(await whyNot(url)).to.deep.equal(['ssh', 'ssh: me@box: Permission denied (publickey).']);
        ssh('echo "ssh: connect to host box port 22: Connection refused" >&2; exit 255');
        expect(await whyNot(url)).to.deep.equal(['ssh', 'ssh: connect to host box port 22: Connection refused']);
        ssh('exit 3');
        expect(await whyNot(url)).to.deep.equal(['ssh', 'ssh: ended with 3']);
        expect((await whyNot(url, { env: { PATH: '/nowhere' } }))[1]).to.equal("ssh can't be started: is it installed?");
        expect(readdirSync(folder).filter((name) => name.startsWith('codebeaker-ssh'))).to.deep.equal([]);
      });
    }

    it('says that no daemon is at the port over there', async () => {
      ssh('echo "channel 0: open failed: connect failed: Connection refused" >&2; echo "stdio forwarding failed" >&2; exit 255');
      expect(await whyNot('ssh://box?port=7070')).to.deep.equal(['address', 'ssh reaches box, but no daemon answers at 127.0.0.1:7070 over there: start codebeaker serve --listen 127.0.0.1:7070 there']);
    });
  });
});
