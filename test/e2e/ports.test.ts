/** Ports of sessions, in real runtimes: a web server in the sandbox is fetched from the host, until its session closes. */
import { expect } from 'chai';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { mkdirSync, writeFileSync } from 'node:fs';
import { bundles, dockerImage, need, npmPackage, ociRuntime, program, type Probe } from '../require.ts';
import { CommandLine, sourceFile } from './command-line.ts';
import { daemonEnvironment, image, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

const places: Record<string, Probe> = { docker: dockerImage(image), gvisor: ociRuntime('runsc'), native: program('bwrap') };
const serving = 'python3 -u -m http.server';

/** What a web server of this machine answers, or the code of the error. */
async function fetched(port: number, path = '/'): Promise<string> {
  return new Promise((resolve) => {
    const asking = get({ port, host: '127.0.0.1', path, agent: false }, (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => void (text += piece));
      response.on('end', () => resolve(text));
      response.on('error', (fault: NodeJS.ErrnoException) => resolve(fault.code ?? fault.message));
    });
    asking.on('error', (fault: NodeJS.ErrnoException) => resolve(fault.code ?? fault.message));
  });
}

/** A port that nobody else has just now, and a function that takes it. */
async function port(): Promise<{ number: number; take(): Promise<() => Promise<unknown>> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: number } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const take = async () => {
    const other = createServer().listen(number, '127.0.0.1');
    await once(other, 'listening');
    return () => once(other.close(), 'close');
  };
  return { number, take };
}

class Client extends RawClient {
  readonly told: string[] = [];

  static async begin(capabilities: object = { ports: { changed: true } }): Promise<Client> {
    const client = new Client({ env: daemonEnvironment() });
    client.onNotification = ({ method, params }) => {
      if (method === 'ports/changed') client.told.push(`${params.sessionId}: ${params.ports.join(' ')}`);
    };
    await client.initialize(capabilities);
    return client;
  }

  async session(runtime: string): Promise<{ sessionId: string }> {
    const { sessionId } = await this.request('session/create', { runtime, language: 'python' });
    return { sessionId };
  }

  /** A command that goes on. */
  run(session: object, command: string, commandId: string): Promise<{ outcome: string }> {
    return this.request('command/executeShell', { ...session, command, commandId });
  }
}

describe('the ports of a session', function () {
  before(need('the bundles', bundles));

  for (const [runtime, probe] of Object.entries(places)) {
    it(`lead to a web server in ${runtime}, as long as it runs and the session lives`, async function () {
      await need(runtime, probe).call(this);
      const client = await Client.begin();
      const session = await client.session(runtime);
      const { sessionId } = session;
      await client.request('command/writeFile', { ...session, path: 'one.txt', content: 'first' });
      await client.request('command/writeFile', { ...session, path: 'sub/two.txt', content: 'x'.repeat(1_000_000) });
      const servers = ['a', 'b'].map((commandId, at) => client.run(session, `${serving} ${8000 + at} ${at === 0 ? '' : '--bind 127.0.0.1 -d sub'}`, commandId));
      await until('both listen', () => client.told.at(-1) === `${sessionId}: 8000 8001`);

      const first = await client.request('ports/forward', { ...session, port: 8000 });
      const second = await client.request('ports/forward', { ...session, port: 8001, hostPort: 0 });
      expect(first).to.deep.include({ sessionId, port: 8000, address: '127.0.0.1' });
      expect(await client.request('ports/forward', { ...session, port: 8000 })).to.deep.equal(first);
      const pages = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? fetched(first.hostPort, '/one.txt') : fetched(second.hostPort, '/two.txt'))));
      expect(pages.map((page) => page.length)).to.deep.equal(pages.map((_, at) => (at % 2 === 0 ? 5 : 1_000_000)));
      expect((await client.request('ports/list', session)).ports).to.deep.equal([
        { port: 8000, listening: true, hostPort: first.hostPort }, { port: 8001, listening: true, hostPort: second.hostPort },
      ]);

      await client.request('command/signal', { commandId: 'b', signal: 'SIGTERM' });
      await servers[1];
      await until('one is gone', () => client.told.at(-1) === `${sessionId}: 8000`);
      expect(await fetched(second.hostPort, '/two.txt')).to.equal('ECONNRESET');
      await client.request('ports/close', { ...session, port: 8001 });
      expect(await fetched(second.hostPort)).to.equal('ECONNREFUSED');
      expect((await client.call('ports/close', { ...session, port: 8001 })).error?.code).to.equal(-32602);

      const open = connect(first.hostPort, '127.0.0.1');
      await once(open, 'connect');
      open.on('error', () => undefined);
      const ended = new Promise((resolve) => open.on('close', resolve));
      await client.request('session/close', session);
      await ended;
      expect(await fetched(first.hostPort)).to.equal('ECONNREFUSED');
      expect((await client.call('ports/list', session)).error?.code).to.equal(1002);
      expect(await client.end()).to.equal(0);
      expect(client.stderr).to.equal('');
    });
  }

  it('are found where they are free, and refused where they are taken, in native', async function () {
    await need('bubblewrap', program('bwrap')).call(this);
    const client = await Client.begin({});
    const session = await client.session('native');
    const busy = await port();
    const free = await busy.take();
    const asked = (params: object) => client.call('ports/forward', { ...session, ...params });
    const { error } = await asked({ port: 8000, hostPort: busy.number });
    expect([error?.code, error?.message]).to.deep.equal([-32602, `hostPort: port ${busy.number} of this machine is taken: choose another, or leave hostPort out`]);
    // Nobody said which port it is to be.
    const other = await client.request('ports/forward', { ...session, port: busy.number });
    expect(other.hostPort).not.to.equal(busy.number);
    await free();
    const named = await client.request('ports/forward', { ...session, port: 8000, hostPort: busy.number });
    expect(named.hostPort).to.equal(busy.number);
    expect((await asked({ port: 8000, hostPort: other.hostPort })).error?.code).to.equal(-32602);
    for (const wrong of [{ port: 0 }, { port: 65_536 }, { port: 80, hostPort: -1 }, {}]) expect((await asked(wrong)).error?.code).to.equal(-32602);
    const more = await Promise.all(Array.from({ length: 32 }, (_, at) => asked({ port: 9000 + at })));
    expect(more.filter(({ error: refused }) => refused?.code === 1031).length).to.equal(2);
    expect((await client.request('ports/list', session)).ports.every((each: { listening: boolean }) => !each.listening)).to.equal(true);
    // A client that did not ask for it is told nothing.
    await client.run(session, 'timeout 0.5 python3 -m http.server 8000', 'a');
    expect(client.told).to.deep.equal([]);
    // The daemon ends, and all of them with it.
    expect(await client.end()).to.equal(0);
    expect(await fetched(named.hostPort)).to.equal('ECONNREFUSED');
  });

  it('are reached through codebeaker run --publish, which shows the address', async function () {
    await need('bubblewrap', program('bwrap')).call(this);
    const here = await port();
    const file = sourceFile('main.py', 'import http.server, socketserver\nclass Handler(http.server.SimpleHTTPRequestHandler):\n  def log_message(self, *_): pass\nwith socketserver.TCPServer(("", 8000), Handler) as server:\n  server.handle_request()\n');
    mkdirSync(join(dirname(file), 'data'));
    writeFileSync(join(dirname(file), 'data/page.txt'), 'a page');
    const command = new CommandLine(['run', '--runtime', 'native', '--publish', `${here.number}:8000`, file]);
    let stderr = '';
    command.child.stderr?.on('data', (bytes: Buffer) => void (stderr += bytes.toString()));
    await until('the address is shown', () => stderr.includes(`codebeaker: the program listens: http://127.0.0.1:${here.number}\n`));
    expect(await fetched(here.number, '/data/page.txt')).to.equal('a page');
    expect((await command.ended).code).to.equal(0);
    expect(await fetched(here.number)).to.equal('ECONNREFUSED');
  });

  it('are none in Deno alone, which says so', async function () {
    await need('deno', npmPackage('deno')).call(this);
    const client = new RawClient({ env: daemonEnvironment() });
    await client.initialize();
    const { sessionId } = await client.request('session/create', { runtime: 'deno', language: 'javascript' });
    const { error } = await client.call('ports/forward', { sessionId, port: 8000 });
    expect([error?.code, error?.message]).to.deep.equal([1012, "this sandbox can't be connected to: use another runtime"]);
    expect((await client.request('ports/list', { sessionId })).ports).to.deep.equal([]);
    expect(await client.end()).to.equal(0);
  });
});
