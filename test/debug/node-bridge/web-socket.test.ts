/** The WebSocket of the bridge, with a server that is not ours. */
import { expect } from 'chai';
import { createServer, type AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { WebSocketClient } from '../../../server/src/debug/node-bridge/web-socket.ts';

describe('the WebSocket of the bridge', () => {
  let server: WebSocketServer;
  const port = () => (server.address() as AddressInfo).port;

  beforeEach((done) => void (server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => done())));
  afterEach((done) => {
    for (const client of server.clients) client.terminate();
    server.close(() => done());
  });

  async function both() {
    const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
    const received: string[] = [];
    let wake = () => {};
    const closed = { happened: false };
    const client = await WebSocketClient.open(port(), '/ws/x', {
      message: (text) => {
        received.push(text);
        wake();
      },
      closed: () => {
        closed.happened = true;
        wake();
      },
    });
    const until = async (is: () => boolean) => {
      while (!is()) await new Promise<void>((resolve) => (wake = resolve));
    };
    return { client, peer: await accepted, received, closed, until };
  }

  it('carries texts of every length in both directions', async () => {
    const texts = ['', 'é', 'x'.repeat(125), 'x'.repeat(126), 'x'.repeat(65_535), 'x'.repeat(65_536), 'é'.repeat(1_000_000)];
    const { client, peer, received, until } = await both();
    peer.on('message', (data: Buffer) => peer.send(data.toString()));
    for (const text of texts) client.send(text);
    await until(() => received.length === texts.length);
    expect(received.every((text, at) => text === texts[at])).to.equal(true);
  });

  it('puts together what comes in pieces', async () => {
    const { peer, received, until } = await both();
    peer.send('one ', { fin: false });
    peer.send('two ', { fin: false });
    peer.send('three', { fin: true });
    await until(() => received.length === 1);
    expect(received).to.deep.equal(['one two three']);
  });

  it('acknowledges each message at once, and answers a ping', async () => {
    const { peer } = await both();
    const pongs: string[] = [];
    const two = new Promise<void>((resolve) => peer.on('pong', (data) => {
      pongs.push(data.toString());
      if (pongs.length === 2) resolve();
    }));
    peer.send('a message');
    peer.ping('are you there');
    await two;
    expect(pongs).to.deep.equal(['', 'are you there']);
  });

  it('tells that the other side has ended, and ends when it is told to', async () => {
    const first = await both();
    first.peer.close();
    await first.until(() => first.closed.happened);
    const second = await both();
    const gone = new Promise((resolve) => second.peer.once('close', resolve));
    second.client.close();
    await gone;
    await second.until(() => second.closed.happened);
  });

  it('rejects where something else listens, and where nothing does', async () => {
    const events = { message: () => undefined, closed: () => undefined };
    const other = createServer((socket) => socket.on('error', () => undefined).resume().end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port: at } = other.address() as AddressInfo;
    const failed = (opening: Promise<unknown>) => opening.then(() => 'opened', (fault: Error) => fault.message);
    expect(await failed(WebSocketClient.open(at, '/', events))).to.contain('takes no connection');
    await new Promise((resolve) => other.close(resolve));
    expect(await failed(WebSocketClient.open(at, '/', events))).to.contain('takes no connection');
  });
});
