/** Connections other than stdio, and stray output that must not get between frames (protocol section 1, failure F-D6). */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notification, request, Wire } from '../wire/wire.ts';
import { need, npmPackage } from '../require.ts';
import { CommandLine } from './command-line.ts';
import { daemonEnvironment, folders, GONE_MS, until } from './environment.ts';
import { RawClient } from './raw-client.ts';

describe('a daemon that connects to its client', () => {
  before(need('deno', npmPackage('deno')));

  let folder: string;
  let server: Server;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'codebeaker-test-'));
    server = createServer();
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Each starts to listen. It returns the option that tells the daemon where to connect. */
  const ways: Record<string, () => Promise<string>> = {
    '--pipe': async () => {
      const path = join(folder, 'client.sock');
      await once(server.listen(path), 'listening');
      return `--pipe=${path}`;
    },
    '--socket': async () => {
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return `--socket=${(server.address() as AddressInfo).port}`;
    },
  };

  const start = async (option: string) => {
    const daemon = new CommandLine([option]);
    const [socket] = (await once(server, 'connection')) as [Socket];
    socket.on('error', () => undefined);
    const wire = new Wire();
    wire.input.pipe(socket);
    socket.pipe(wire.output);
    return { daemon, socket, wire };
  };

  for (const [name, listen] of Object.entries(ways)) {
    it(`with ${name} serves its client`, async () => {
      const { daemon, wire } = await start(await listen());
      const initialized = await wire.ask('a', 'initialize', { processId: null, capabilities: {} });
      expect(initialized.result.serverInfo.name).to.equal('codebeaker');
      const { result: session } = await wire.ask('b', 'session/create', { language: 'typescript', runtime: 'deno' });
      const { result } = await wire.ask('c', 'command/runCode', { sessionId: session.sessionId, code: 'console.log("hi" as string)' });
      expect(result).to.include({ outcome: 'exited', exitCode: 0, stdout: 'hi\n' });
      expect((await wire.ask('d', 'shutdown')).result).to.equal(null);
      wire.send(notification('exit'));
      const { code, stdout, stderr } = await daemon.ended;
      expect([code, stdout.length, stderr]).to.deep.equal([0, 0, '']);
      expect(folders(daemon.pid)).to.deep.equal([]);
    });

    it(`with ${name} exits when the client closes the connection`, async () => {
      const { daemon, socket, wire } = await start(await listen());
      await wire.ask('a', 'initialize', { processId: null, capabilities: {} });
      wire.send(request('b', 'session/create', { language: 'typescript', runtime: 'deno' }));
      socket.destroy();
      expect((await daemon.ended).code).to.equal(1);
      await until('its folder is gone', () => folders(daemon.pid).length === 0, GONE_MS);
    });
  }
});

describe('a daemon whose client has exited', () => {
  it('exits', async () => {
    const gone = spawn('true');
    await once(gone, 'exit');
    const daemon = new CommandLine(['--stdio', `--clientProcessId=${gone.pid}`]);
    const { code, stdout, stderr } = await daemon.ended;
    expect([code, stdout.length, stderr]).to.deep.equal([1, 0, '']);
  });
});

describe('stray output', () => {
  const noise = `
    const { stdout } = process;
    const { write } = stdout;
    // As soon as the daemon has replaced process.stdout.write, this prints what its own code or a library might print.
    setInterval(() => {
      if (stdout.write === write) return;
      console.log('stray log');
      console.info('stray info');
      process.stdout.write('stray write\\n');
    }, 1).unref();
  `;

  it('goes to stderr, and no frame is damaged (F-D6)', async () => {
    const client = new RawClient({ env: { ...daemonEnvironment(), NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(noise)}` } });
    await client.initialize();
    for (let turn = 0; turn < 50; turn += 1) expect((await client.request('session/list')).sessions).to.deep.equal([]);
    expect((await client.request('rpc.discover')).openrpc).to.be.a('string');
    await until('it is noisy', () => ['log', 'info', 'write'].every((word) => client.stderr.includes(`stray ${word}\n`)));
    expect(await client.end()).to.equal(0);
  });
});
