/** The address of the engine is found as the docker command finds it. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import { type EngineAddress, resolveEngine } from '../../../../server/src/runtime/kinds/docker/address.ts';
import { SshAgent } from '../../../../server/src/runtime/kinds/docker/ssh.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import { FakeEngine } from '../../../fakes/engine.ts';

type Env = Readonly<Record<string, string | undefined>>;

describe('the address of the engine', () => {
  let home: string;
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'host-'))));
  afterEach(() => rmSync(home, { recursive: true }));

  const resolve = (env: Env = {}, { configured, platform = 'linux' }: { configured?: string; platform?: string } = {}): EngineAddress =>
    resolveEngine({ configured, env, home, platform });
  const put = (path: string, text: string) => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), text);
  };
  const putContext = (name: string, host: string, folder = '.docker') => {
    const id = createHash('sha256').update(name).digest('hex');
    put(`${folder}/contexts/meta/${id}/meta.json`, JSON.stringify({ Name: name, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }));
    return `${folder}/contexts/tls/${id}/docker`;
  };
  const putTls = (folder: string) => {
    for (const name of ['ca', 'cert', 'key']) put(`${folder}/${name}.pem`, `the ${name}`);
  };
  const tls = { ca: Buffer.from('the ca'), cert: Buffer.from('the cert'), key: Buffer.from('the key') };

  const forms: Record<string, EngineAddress['options']> = {
    'unix:///run/x.sock': { socketPath: '/run/x.sock' },
    'unix://': { socketPath: '/var/run/docker.sock' },
    'npipe:////./pipe/docker_engine': { socketPath: '//./pipe/docker_engine' },
    'tcp://box:1234': { protocol: 'http', host: 'box', port: 1234 },
    'tcp://box': { protocol: 'http', host: 'box', port: 2375 },
    'tcp://box/': { protocol: 'http', host: 'box', port: 2375 },
    'box:1234': { protocol: 'http', host: 'box', port: 1234 },
    'http://box:80': { protocol: 'http', host: 'box', port: 80 },
    'https://box:443': { protocol: 'https', host: 'box', port: 443 },
    'https://box': { protocol: 'https', host: 'box', port: 2376 },
    'tcp://127.0.0.1:2375': { protocol: 'http', host: '127.0.0.1', port: 2375 },
    'tcp://[::1]:2375': { protocol: 'http', host: '[::1]', port: 2375 },
  };
  for (const [text, options] of Object.entries(forms)) {
    it(`may look like ${text}`, () => {
      const address = resolve({ DOCKER_HOST: text });
      expect(address.options).to.deep.equal(options);
      expect(address.fault).to.equal(undefined);
      expect(address.local).to.equal('socketPath' in options);
    });
  }

  for (const text of ['ssh://box', 'ssh://me@box:2222', 'ssh://me:secret@box', 'ssh://[::1]']) {
    it(`may look like ${text}`, () => {
      const { options, local, name, fault } = resolve({ DOCKER_HOST: text });
      expect(fault).to.equal(undefined);
      expect(local).to.equal(false);
      expect(options).to.deep.include({ protocol: 'http', host: 'docker', port: 80 });
      expect(options.agent).to.be.instanceOf(SshAgent);
      expect(name).to.match(/^the Docker engine at ssh:\/\/(?:box|\[::1\])/).and.not.include('secret');
    });
  }

  for (const text of ['fd://', 'ftp://box', 'tcp://', 'tcp://box:99999', 'tcp://me:secret@', 'ssh://box/run/x.sock', 'http:box', '://', 'HTTP//x y']) {
    it(`may not look like ${text}`, () => {
      const { fault, options } = resolve({ DOCKER_HOST: text });
      expect(fault).to.equal('the Docker host must look like unix:///path, tcp://name:port or ssh://user@name');
      expect(options).to.deep.equal({});
    });
  }

  it('has a name without credentials and paths', () => {
    expect(resolve({ DOCKER_HOST: 'tcp://me:secret@box:1' }).name).to.equal('the Docker engine at tcp://box:1');
    expect(resolve({ DOCKER_HOST: 'unix:///home/me/x.sock' }).name).to.equal('the Docker engine');
  });

  it('is the configured one before all others', () => {
    putContext('mine', 'tcp://context:1');
    const env = { DOCKER_HOST: 'tcp://environment:1', DOCKER_CONTEXT: 'mine' };
    expect(resolve(env, { configured: 'tcp://configured:1' }).options.host).to.equal('configured');
    expect(resolve(env).options.host).to.equal('environment');
    expect(resolve({ ...env, DOCKER_HOST: '' }).options.host).to.equal('context');
  });

  it('is that of the current context', () => {
    putContext('mine', 'tcp://context:1');
    put('.docker/config.json', JSON.stringify({ currentContext: 'mine' }));
    expect(resolve().options.host).to.equal('context');
    expect(resolve({ DOCKER_CONTEXT: '' }).options.host).to.equal('context');
    expect(resolve({ DOCKER_CONTEXT: 'default' }).options).to.have.property('socketPath');
  });

  it('is that of a context in the folder DOCKER_CONFIG', () => {
    putContext('mine', 'ssh://me@box', 'elsewhere');
    put('elsewhere/config.json', JSON.stringify({ currentContext: 'mine' }));
    expect(resolve({ DOCKER_CONFIG: join(home, 'elsewhere') }).name).to.equal('the Docker engine at ssh://box');
  });

  it('has the certificates of its context', () => {
    putTls(putContext('mine', 'tcp://box:2376'));
    expect(resolve({ DOCKER_CONTEXT: 'mine' }).options).to.deep.equal({ protocol: 'https', host: 'box', port: 2376, ...tls });
  });

  it('has a fault if the context does not exist', () => {
    expect(resolve({ DOCKER_CONTEXT: 'nobody' }).fault).to.equal('the Docker context "nobody" does not exist; see docker context ls');
  });

  it('is the usual one if the settings of the docker command can not be read', () => {
    put('.docker/config.json', 'not JSON');
    expect(resolve().options).to.have.property('socketPath');
    put('.docker/config.json', '{"currentContext": 7}');
    expect(resolve().options).to.have.property('socketPath');
  });

  it('with TLS has the certificates in DOCKER_CERT_PATH, else those in the folder of settings', () => {
    putTls('certs');
    const env = { DOCKER_HOST: 'tcp://box', DOCKER_TLS_VERIFY: '1' };
    const options = { protocol: 'https', host: 'box', port: 2376, ...tls };
    expect(resolve({ ...env, DOCKER_CERT_PATH: join(home, 'certs') }).options).to.deep.equal(options);
    putTls('.docker');
    expect(resolve(env).options).to.deep.equal(options);
    expect(resolve({ ...env, DOCKER_TLS_VERIFY: '' }).options).to.deep.equal({ protocol: 'http', host: 'box', port: 2375 });
  });

  it('with TLS but without certificates has a fault that names no path, and is never used without TLS', () => {
    for (const env of [{}, { DOCKER_CERT_PATH: join(home, 'nowhere') }]) {
      const { fault, options } = resolve({ DOCKER_HOST: 'tcp://box', DOCKER_TLS_VERIFY: '1', ...env });
      expect(fault).to.equal("TLS is asked for, but ca.pem can't be read: check DOCKER_CERT_PATH");
      expect(options).to.deep.equal({});
    }
  });

  it('is a socket of the user if there is no other', () => {
    const { socketPath } = resolve({ XDG_RUNTIME_DIR: home }).options;
    expect(socketPath).to.be.oneOf(['/var/run/docker.sock', join(home, 'docker.sock')]);
    expect(resolve({}, { platform: 'win32' }).options).to.deep.equal({ socketPath: '//./pipe/docker_engine' });
  });
});

describe('an engine at an address', () => {
  const before = process.env.DOCKER_HOST;
  afterEach(() => {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    delete process.env.DOCKER_CLIENT_TIMEOUT;
  });

  it('is the one that is used, whatever the environment of the daemon says', async () => {
    const fake = await FakeEngine.start();
    Object.assign(process.env, { DOCKER_HOST: 'tcp://nowhere.invalid:1', DOCKER_CLIENT_TIMEOUT: '1' });
    const address = resolveEngine({ configured: `unix://${fake.socketPath}`, env: {}, home: '/nowhere', platform: 'linux' });
    expect(await new Engine(address, new FakeClock()).info()).to.include({ version: '99.0' });
    await fake.close();
  });

  it('is reached over TCP, IPv6 too', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const asked: string[] = [];
      const server = createServer((socket) => {
        socket.once('data', (chunk) => {
          asked.push(chunk.toString().split('\r\n')[0] ?? '');
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]');
        });
      });
      await new Promise<void>((resolve) => void server.listen(0, host, resolve));
      const { port } = server.address() as { port: number };
      const address = resolveEngine({ configured: `tcp://${host === '::1' ? '[::1]' : host}:${port}`, env: {}, home: '/nowhere', platform: 'linux' });
      expect(await new Engine(address, new FakeClock()).find('x')).to.deep.equal([]);
      expect(asked).to.deep.equal(['GET /containers/json?all=true&filters=%7B%22label%22%3A%5B%22x%22%5D%7D HTTP/1.1']);
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('is named in the message if nothing answers there', async () => {
    const address = resolveEngine({ configured: 'tcp://me:secret@127.0.0.1:1', env: {}, home: '/nowhere', platform: 'linux' });
    const fault: unknown = await new Engine(address, new FakeClock()).info().catch((thrown: unknown) => thrown);
    expect((fault as Error).message).to.equal(
      "the Docker engine at tcp://127.0.0.1:1 can't be reached (ECONNREFUSED); nothing listens there: start Docker, or set DOCKER_HOST",
    );
  });
});
