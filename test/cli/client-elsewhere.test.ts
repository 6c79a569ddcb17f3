/** A client of a daemon elsewhere that does not answer any more: real sockets, and a clock that is moved. */
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { connectElsewhere } from '../../server/src/cli/client-elsewhere.ts';
import type { Surroundings } from '../../server/src/cli/surroundings.ts';
import { until } from '../e2e/environment.ts';
import { FakeClock } from '../fakes/clock.ts';
import { temporaryFolder } from '../policy/folder.ts';

describe('a client of a daemon elsewhere', () => {
  const folder = temporaryFolder();

  /** Answers these methods and nothing else, and does not close its side either. */
  async function stuck(answered: readonly string[]) {
    const path = join(folder(), 'daemon.sock');
    const heard: string[] = [];
    const server = createServer();
    const webSockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'codebeaker.v1' });
    server.on('upgrade', (request, socket, head) => webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      webSocket.on('message', (data: Buffer) => {
        const { id, method } = JSON.parse(data.toString()) as { id?: number; method: string };
        heard.push(method);
        if (answered.includes(method)) webSocket.send(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));
        // From then on it reads nothing.
        if (method === 'shutdown') webSocket.pause();
      });
    }));
    await once(server.listen(path), 'listening');
    const clock = new FakeClock();
    const leaving = new AbortController();
    const surroundings = { clock, env: {}, uid: -1, writeLog: () => undefined } as unknown as Surroundings;
    const client = connectElsewhere(surroundings, { url: `unix:${path}`, tokenFile: undefined, ca: undefined, sameMachine: false }, { capabilities: {} }, leaving.signal);
    const close = () => {
      server.closeAllConnections();
      for (const each of webSockets.clients) each.terminate();
      server.close();
    };
    return { client, clock, heard, leaving, close };
  }

  it('waits seconds for the answer to shutdown, and for the daemon to close its side, and no longer', async () => {
    const { client, clock, heard, close } = await stuck(['initialize']);
    try {
      const { close: leave } = await client;
      let left = false;
      const leaving = leave().then(() => (left = true));
      await until('it hears the end', () => heard.includes('shutdown'));
      await clock.advance(4_999);
      expect(left).to.equal(false);
      await clock.advance(2_001);
      await leaving;
      expect(clock.pending).to.equal(0);
    } finally {
      close();
    }
  });

  it('can be left while the daemon does not answer initialize', async () => {
    const { client, clock, heard, leaving, close } = await stuck([]);
    try {
      const left = client.catch((fault: unknown) => (fault as Error).message);
      await until('it hears the beginning', () => heard.includes('initialize'));
      leaving.abort(new Error('nobody waits any more'));
      await clock.advance(7_000);
      expect(await left).to.equal('nobody waits any more');
      expect(clock.pending).to.equal(0);
    } finally {
      close();
    }
  });
});
