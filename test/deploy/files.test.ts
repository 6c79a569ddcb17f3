/** The files of deploy/ fit each other, the command line and the guide. */
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArguments } from '../../server/src/cli/arguments.ts';
import { context, settled, spec, subject } from '../runtime/kinds/docker/subject.ts';
import { compose, instruction, passes, read, root, unit } from './files.ts';

const PORT = '7070';
const { codebeaker, engine } = compose.services;
const guide = read('docs/deployment.md');

describe('the Dockerfile', () => {
  it('starts the daemon with a command line that there is', () => {
    const args = JSON.parse(instruction('CMD')) as string[];
    expect(parseArguments(args)).to.deep.include({ command: 'listen', at: { kind: 'tcp', host: '0.0.0.0', port: Number(PORT) }, tokenFile: '/run/secrets/codebeaker-token' });
    expect(instruction('EXPOSE')).to.equal(PORT);
    expect(read('deploy/docker/Dockerfile')).to.match(new RegExp(`HEALTHCHECK .*127\\.0\\.0\\.1:${PORT}/healthz`));
    expect(instruction('STOPSIGNAL')).to.equal('SIGTERM');
  });

  it('copies what there is, and what .dockerignore lets through', () => {
    const sources = [...read('deploy/docker/Dockerfile').matchAll(/^COPY (.*) \S+$/gm)].flatMap(([, paths = '']) => paths.split(' '));
    expect(sources).to.have.members(['server/package.json', 'server/LICENSE', 'server/bin', 'server/dist']);
    const kept = read('.dockerignore').split('\n').filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(kept).to.have.members(sources);
    for (const path of sources) if (path !== 'server/dist') expect(existsSync(join(root, path)), path).to.equal(true);
  });

  it('runs the daemon as a user that is not root and to whom the token belongs', () => {
    const [user = ''] = instruction('USER').split(':');
    expect(Number(user)).to.be.greaterThan(0);
    expect(guide).to.contain(`-o ${user} -g ${user} /dev/stdin secrets/token`);
  });
});

describe('the compose file', () => {
  it('names the Dockerfile, and what it has', () => {
    const folder = join(root, 'deploy/docker');
    expect(existsSync(join(folder, codebeaker.build?.context ?? '', codebeaker.build?.dockerfile ?? ''))).to.equal(true);
    expect(codebeaker.ports).to.deep.equal([`127.0.0.1:${PORT}:${PORT}`]);
    expect(codebeaker.secrets).to.deep.equal(Object.keys(compose.secrets));
    expect(instruction('CMD')).to.contain(`/run/secrets/${codebeaker.secrets?.[0]}`);
    for (const [name] of (codebeaker.volumes ?? []).map((each) => each.split(':') as [string, string])) expect(name.startsWith('./') || name in compose.volumes, name).to.equal(true);
    for (const network of [...(codebeaker.networks ?? []), ...(engine.networks ?? [])]) expect(Object.keys(compose.networks)).to.include(network);
  });

  it('gives the daemon no socket of the engine, no capability and no file system to write to', () => {
    expect(JSON.stringify(codebeaker)).not.to.contain('docker.sock');
    expect(codebeaker.environment?.DOCKER_HOST).to.equal('tcp://engine:2375');
    for (const service of [codebeaker, engine]) expect(service).to.deep.include({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(compose.networks.engine?.internal, 'the network of the proxy').to.equal(true);
    expect(engine.networks).to.deep.equal(['engine']);
  });

  it('waits for the end of the daemon longer than that takes', () => {
    const seconds = Number(/^(\d+)s$/.exec(codebeaker.stop_grace_period ?? '')?.[1]);
    expect(seconds).to.be.greaterThan(30).and.equal(Number(unit.get('TimeoutStopSec')?.[0]));
    expect(guide).to.contain(`(${seconds} s in both files)`);
  });

  it('lets every call of the engine pass that a sandbox takes, from its image to its end', async () => {
    const held = await subject({ local: false });
    try {
      held.fake.images.clear();
      await held.runtime.refresh(new AbortController().signal);
      const sandbox = await settled(held, held.runtime.create(spec, context()));
      for (const { id } of held.fake.containers.values()) for (const ask of [held.engine.adjust(id, spec.limits), held.engine.cpuMs(id)]) await ask.catch(() => undefined);
      held.fake.on('remove', { status: 409, message: 'in progress' });
      await sandbox.close();
      await held.engine.find('label');
      const asked = held.fake.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{64}/, 'ID')}`);
      expect(asked).to.include.members(['POST /images/create', 'PUT /containers/ID/archive', 'POST /containers/ID/attach', 'POST /containers/ID/update', 'POST /containers/ID/wait', 'DELETE /containers/ID']);
      expect(held.fake.requests.find(({ call }) => call === 'attach')?.headers['content-length'], 'a proxy may pass a body on behind the headers').to.equal('0');
      for (const { method, path } of held.fake.requests) expect(passes(method, path), `${method} ${path}`).to.equal(true);
    } finally {
      await held.close();
    }
  });

  it('lets nothing pass by which somebody gets further', () => {
    const id = '0'.repeat(64);
    for (const [method, path] of [
      ['POST', `/containers/${id}/exec`], ['POST', '/build'], ['POST', '/volumes/create'], ['POST', '/networks/create'], ['POST', '/swarm/init'], ['POST', '/plugins/pull'],
      ['GET', `/containers/${id}/archive`], ['GET', `/containers/${id}/json`], ['GET', `/containers/${id}/export`], ['GET', '/secrets'], ['POST', '/commit'], ['DELETE', '/images/python'],
      ['PUT', `/containers/../images/${id}/archive`], ['DELETE', '/containers/somebody-elses'], ['HEAD', '/info'], ['POST', '/v1.41/containers/create/../../build'],
    ] as const) expect(passes(method, path), `${method} ${path}`).to.equal(false);
    for (const [method, path] of [['POST', '/v1.41/containers/create'], ['DELETE', '/containers/codebeaker-0123abcd']] as const) expect(passes(method, path), path).to.equal(true);
  });
});

describe('the systemd unit', () => {
  it('starts the daemon with a command line that there is, and has its folders where the guide says', () => {
    const [program = '', ...args] = unit.get('ExecStart')?.[0]?.split(' ') ?? [];
    expect(program).to.equal('/usr/bin/codebeaker');
    expect(parseArguments(args)).to.deep.include({ command: 'listen', at: { kind: 'tcp', host: '127.0.0.1', port: Number(PORT) }, tokenFile: '/etc/codebeaker/token' });
    expect(dirname('/etc/codebeaker/token')).to.equal(`/etc/${unit.get('ConfigurationDirectory')?.[0]}`);
    const environment = unit.get('Environment')?.join(' ') ?? '';
    for (const each of ['XDG_CONFIG_HOME=/etc', 'XDG_CACHE_HOME=/var/cache', 'TMPDIR=/run/codebeaker', 'DOCKER_HOST=tcp://127.0.0.1:2375']) {
      expect(environment).to.contain(each);
      expect(guide).to.contain(each);
    }
  });

  it('sends the signals that end and reload the daemon to the daemon alone', () => {
    expect([unit.get('KillMode'), unit.get('ExecReload')]).to.deep.equal([['mixed'], ['/bin/kill -HUP $MAINPID']]);
  });
});
