/** Whoever may not use a daemon that listens gets nothing, and harms nobody who may. */
import { expect } from 'chai';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { need } from '../require.ts';
import { bubblewrap } from '../runtime/kinds/native/subject.ts';
import { residentBytes, until } from './environment.ts';
import { RemoteDaemon, type RemoteClient } from './remote-daemon.ts';

const MiB = 1024 * 1024;

describe('a daemon that listens', () => {
  before(need('bubblewrap', bubblewrap));

  let daemon: RemoteDaemon;
  let guest: RemoteClient;
  let sessionId: string;
  before(async () => {
    daemon = await RemoteDaemon.start({ args: ['--allow-origin', 'https://allowed.example', '--allow-host', 'box.example'], config: { limits: { outputBytes: 256 * MiB } } });
    guest = daemon.client();
    await guest.initialize();
    ({ sessionId } = await guest.request('session/create', { language: 'python', runtime: 'native' }));
  });
  after(async () => {
    await guestIsServed();
    expect(await daemon.stop()).to.equal(0);
    expect(daemon.stderr).to.equal('');
  });

  /** Whatever others do, somebody who has the token is served. */
  const guestIsServed = async () => expect((await guest.request('command/runCode', { sessionId, code: 'print(6 * 7)' })).stdout).to.equal('42\n');

  const port = () => Number(daemon.at.split(':')[1]);
  const dial = () => {
    const socket = createConnection({ port: port(), host: '127.0.0.1' });
    socket.on('error', () => undefined);
    return socket;
  };

  /** The status of a request with exactly these headers, and what it answered. */
  const ask = (headers: Record<string, string>, path = '/rpc', method = 'POST') => new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request({ port: port(), host: '127.0.0.1', path, method, headers, setHost: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject).end();
  });

  /** How a WebSocket with these headers and protocols is answered: `open`, or the status. */
  const knock = (headers: Record<string, string>, protocols: string[] = []) => new Promise<string | number>((resolve) => {
    const webSocket = new WebSocket(`ws://${daemon.at}/`, protocols, { headers });
    webSocket.on('error', () => undefined);
    webSocket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    webSocket.on('open', () => {
      webSocket.close();
      resolve('open');
    });
  });

  it('lets nobody in without its token (F-D11)', async () => {
    const wrong = 'f'.repeat(32);
    const none = { host: daemon.at };
    for (const path of ['/rpc', '/metrics', '/v1/run', '/nothing']) {
      for (const headers of [none, { ...none, authorization: `Bearer ${wrong}` }, { ...none, authorization: daemon.token }, { ...none, authorization: `Basic ${daemon.token}` }, { ...none, cookie: daemon.token }]) {
        const { status, body } = await ask(headers, path);
        expect([path, status, body]).to.deep.equal([path, 401, '{"error":{"message":"The token is missing or wrong: send Authorization: Bearer TOKEN."}}\n']);
      }
      expect((await ask(none, `${path}?token=${daemon.token}`)).status).to.equal(401);
    }
    expect(await knock({})).to.equal(401);
    expect(await knock({ authorization: `Bearer ${wrong}` })).to.equal(401);
    expect(await knock({}, ['codebeaker.v1', `bearer.${wrong}`])).to.equal(401);
    expect(await knock({}, ['codebeaker.v1', `bearer.${daemon.token}`])).to.equal('open');
    expect(await knock({ authorization: `bearer ${daemon.token}` })).to.equal('open');
  });

  it('tells whoever has no token that it is there, and nothing else', async () => {
    const { status, body } = await ask({ host: daemon.at }, '/healthz', 'GET');
    expect([status, body]).to.deep.equal([200, 'ok\n']);
  });

  it('is not used by a page of another origin, also where that knows the token (F-D11)', async () => {
    const authorization = `Bearer ${daemon.token}`;
    for (const origin of ['https://evil.example', 'null', 'http://localhost:1', `https://${daemon.at}.evil.example`, 'https://allowed.example.evil.example', 'file://']) {
      expect([origin, await knock({ authorization, origin })]).to.deep.equal([origin, 403]);
      expect((await ask({ host: daemon.at, authorization, origin })).status).to.equal(403);
    }
    for (const origin of [`http://${daemon.at}`, 'https://allowed.example']) expect(await knock({ authorization, origin })).to.equal('open');
  });

  it('is not used under a name that somebody has made lead to it (F-D12)', async () => {
    const authorization = `Bearer ${daemon.token}`;
    for (const host of ['evil.example', `evil.example:${port()}`, '127.0.0.1.evil.example', 'localhost.evil.example', 'notbox.example', '']) {
      expect([host, (await ask({ authorization, host }, '/healthz', 'GET')).status]).to.deep.equal([host, 421]);
      if (host) expect(await knock({ authorization, host, origin: `http://${host}` })).to.equal(421);
    }
    for (const host of [`localhost:${port()}`, 'LOCALHOST', '[::1]:80', '192.0.2.1', 'box.example', 'Box.Example:80', 'box.example.']) expect([host, (await ask({ host }, '/healthz', 'GET')).status]).to.deep.equal([host, 200]);
  });

  it('gives up on whoever does not say who it is within five seconds (F-D13)', async () => {
    const silent = dial();
    const slow = dial();
    slow.write(`GET / HTTP/1.1\r\nHost: ${daemon.at}\r\n`);
    const drops = setInterval(() => slow.write('x: y\r\n'), 100);
    const long = dial();
    long.write(`GET / HTTP/1.1\r\nHost: ${daemon.at}\r\nx: ${'y'.repeat(20_000)}`);
    const body = dial();
    body.write(`POST /rpc HTTP/1.1\r\nHost: ${daemon.at}\r\nContent-Length: 1000000000\r\n\r\n{`);
    for (const socket of [silent, slow, long, body]) socket.resume();
    const closed = Promise.all([silent, slow, long, body].map((socket) => once(socket, 'close')));
    await guestIsServed();
    await closed;
    clearInterval(drops);
  });

  it('serves those who have the token while 10,000 connections say nothing (F-D13)', async () => {
    const sockets: Socket[] = [];
    let open = 0;
    const room = () => until('the daemon closes connections', () => open < 1_000);
    for (let count = 0; count < 10_000; count += 1) {
      if (count % 500 === 0) await room();
      open += 1;
      const socket = dial().on('close', () => (open -= 1));
      socket.resume();
      sockets.push(socket);
      if (count % 1_000 === 999) {
        const late = daemon.client();
        await late.initialize();
        expect(await late.end()).to.equal(1000);
        await guestIsServed();
      }
    }
    await until('no more than a hundred are left', () => sockets.filter(({ readyState }) => readyState === 'open').length <= 100);
    expect(readdirSync(`/proc/${daemon.pid}/fd`).length).to.be.lessThan(250);
    for (const socket of sockets) socket.destroy();
  });

  it('ends a connection that announces a message of a gigabyte, and keeps nothing of it (F-D14)', async () => {
    const before = residentBytes(daemon.pid);
    const heavy = daemon.client();
    await heavy.initialize();
    const { _socket: socket } = heavy.webSocket as unknown as { _socket: Socket };
    const header = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]);
    socket.write(header);
    for (let sent = 0; sent < 64 && !socket.destroyed; sent += 1) socket.write(Buffer.alloc(MiB, 0x20));
    await guestIsServed();
    expect(await heavy.closed).to.equal(1009);
    expect(residentBytes(daemon.pid) - before).to.be.lessThan(64 * MiB);
  });

  it('keeps little for a client that does not read, and serves the others (F-D8)', async () => {
    const before = residentBytes(daemon.pid);
    const deaf = daemon.client();
    await deaf.initialize();
    const { sessionId: own } = await deaf.request('session/create', { language: 'python', runtime: 'native' });
    const heard = new Promise<void>((resolve) => (deaf.onNotification = ({ method }) => method === 'command/output' && resolve()));
    void deaf.call('command/runCode', { sessionId: own, commandId: 'flood', code: 'while True: print("x" * 4000)' });
    await heard;
    deaf.webSocket.pause();
    for (let turn = 0; turn < 20; turn += 1) await guestIsServed();
    expect(residentBytes(daemon.pid) - before).to.be.lessThan(160 * MiB);
    deaf.webSocket.terminate();
  });
});
