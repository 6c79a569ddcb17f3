/** The image of deploy/ is built and run as the compose file says, and reaches the engine through the proxy's rules alone. */
import { expect } from 'chai';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { image, until } from '../e2e/environment.ts';
import { RemoteClient } from '../e2e/remote-daemon.ts';
import { bundles, dockerImage, need, root as isRoot } from '../require.ts';
import { compose, instruction, passes, root } from './files.ts';

const SOCKET = '/var/run/docker.sock';
const TAG = 'codebeaker-deploy-test';
const NAME = `${TAG}-${process.pid}`;
const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], cwd: root });

/** The proxy of the compose file, as far as its rules go. */
class RulingProxy {
  readonly refused: string[] = [];
  readonly passed = new Set<string>();
  readonly server: Server;

  constructor() {
    this.server = createServer((asked, answer) => {
      if (!this.#passes(asked.method, asked.url)) return void answer.writeHead(403).end();
      const onward = request({ socketPath: SOCKET, method: asked.method, path: asked.url, headers: asked.headers }, (reply) => {
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        answer.flushHeaders();
        reply.pipe(answer);
      });
      onward.on('error', () => answer.destroy());
      answer.on('close', () => onward.destroy());
      asked.pipe(onward);
    });
    this.server.on('upgrade', (asked, near, head) => {
      if (!this.#passes(asked.method, asked.url)) return void near.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      const far = connect({ path: SOCKET, allowHalfOpen: true });
      const headers = asked.rawHeaders.map((each, at) => (at % 2 === 0 ? `${each}: ` : `${each}\r\n`)).join('');
      // The engine takes for a body only what comes together with the headers; the rest is input of the container.
      far.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${headers}\r\n`, () => {
        far.write(head);
        near.pipe(far).pipe(near);
      });
      for (const [one, other] of [[near, far], [far, near]] as const) one.on('error', () => other.destroy()).on('close', () => other.destroy());
    });
  }

  #passes(method = '', url = ''): boolean {
    const [path = ''] = url.split('?');
    const allowed = passes(method, path);
    if (allowed) this.passed.add(`${method} ${path.replace(/[0-9a-f]{64}/, 'ID')}`);
    else this.refused.push(`${method} ${path}`);
    return allowed;
  }
}

async function freePort(): Promise<number> {
  const server = createListener().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe('the image of deploy/', function () {
  this.timeout(120_000);
  before(need('root', isRoot));
  before(need('docker', dockerImage(image)));
  before(need('a build', bundles));

  let folder: string;
  let proxy: RulingProxy;
  let port: number;
  const token = randomBytes(32).toString('hex');
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'deploy-'));
    const [uid = ''] = instruction('USER').split(':');
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ images: { python: image, shellscript: image }, pool: {} }), { mode: 0o644 });
    writeFileSync(join(folder, 'token'), token, { mode: 0o600 });
    chownSync(join(folder, 'token'), Number(uid), Number(uid));
    proxy = new RulingProxy();
    await once(proxy.server.listen(0, '127.0.0.1'), 'listening');
    port = await freePort();
    docker('build', '--quiet', '--network', 'none', '--build-arg', `BASE=${image}`, '--file', 'deploy/docker/Dockerfile', '--tag', TAG, '.');
    const { read_only, tmpfs = [], cap_drop = [], security_opt = [], pids_limit } = compose.services.codebeaker;
    expect(read_only).to.equal(true);
    const limits = ['--read-only', ...tmpfs.flatMap((each) => ['--tmpfs', each]), ...cap_drop.flatMap((each) => ['--cap-drop', each]), ...security_opt.flatMap((each) => ['--security-opt', each]), '--pids-limit', String(pids_limit)];
    const volumes = (compose.services.codebeaker.volumes ?? []).map((each) => each.split(':')[1] as string).filter((path) => path !== '/config/codebeaker').flatMap((path) => ['--volume', path]);
    const args = (JSON.parse(instruction('CMD')) as string[]).map((each) => each.replace(/^0\.0\.0\.0:\d+$/, `127.0.0.1:${port}`));
    docker('run', '--detach', '--name', NAME, '--network', 'host', ...limits, ...volumes, '--env', `DOCKER_HOST=tcp://127.0.0.1:${(proxy.server.address() as AddressInfo).port}`,
      '--volume', `${folder}/config.json:/config/codebeaker/config.json:ro`, '--volume', `${folder}/token:/run/secrets/codebeaker-token:ro`, TAG, ...args);
    await until('it listens', () => fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => ok, () => false), 30_000).catch((fault: Error) => {
      throw new Error(`${fault.message}: ${spawnSync('docker', ['logs', NAME], { encoding: 'utf8' }).stderr}`);
    });
  });
  after(() => {
    spawnSync('docker', ['rm', '--force', '--volumes', NAME]);
    spawnSync('docker', ['rmi', TAG]);
    proxy.server.close();
    proxy.server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  it('serves clients, whose sandboxes it makes by calls that the proxy lets pass, and drains when the container is stopped', async () => {
    const client = new RemoteClient(new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } }));
    const output = () => client.notifications.filter(({ method }) => method === 'command/output').map(({ params }) => params.data as string).join('');
    await client.initialize();
    const { sessionId, isolation } = await client.request('session/create', { language: 'python', runtime: 'docker' });
    expect(isolation.score).to.be.greaterThan(0);
    await client.request('command/writeFile', { sessionId, path: 'a.py', content: 'import os; print(6 * 7, os.getuid() != 0)' });
    expect((await client.request('command/runCode', { sessionId, path: 'a.py' })).stdout).to.equal('42 True\n');
    const running = client.call('command/executeShell', { sessionId, commandId: 'runs', command: 'echo begins; sleep 1; echo done' });
    await until('the program runs', () => output() === 'begins\n');
    // The proxy is in this process, which must not wait.
    await once(spawn('docker', ['stop', '--time', '40', NAME], { stdio: 'ignore' }), 'exit');
    expect([(await running).result?.outcome, output()], 'what ran had the time to end').to.deep.equal(['exited', 'begins\ndone\n']);
    expect(docker('inspect', '--format', '{{.State.ExitCode}}', NAME).trim()).to.equal('0');
    expect(proxy.refused, 'calls that the rules do not let pass').to.deep.equal([]);
    expect([...proxy.passed]).to.include.members(['POST /containers/create', 'PUT /containers/ID/archive', 'POST /containers/ID/attach', 'DELETE /containers/ID']);
    expect(docker('ps', '-aq', '--filter', 'label=codebeaker.daemon', '--filter', `name=codebeaker-${sessionId}`)).to.equal('');
  });
});
