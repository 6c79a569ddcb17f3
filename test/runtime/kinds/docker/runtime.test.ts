/** The Docker runtime with an engine that works, or that reports why it does not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Config, ProtocolError } from '../../../../server/src/protocol/index.ts';
import { Engine } from '../../../../server/src/runtime/kinds/docker/engine.ts';
import { sweepContainers } from './sweep.ts';
import { FakeClock } from '../../../fakes/clock.ts';
import type { FakeEngine, Json } from '../../../fakes/engine.ts';
import { context, failure, spec, type Subject, subject, until } from './subject.ts';

const never = new AbortController().signal;

describe('the Docker runtime', () => {
  let held: Subject;
  beforeEach(async () => (held = await subject()));
  afterEach(() => held.close());

  /** What the engine was asked to make. */
  const made = async (change = {}): Promise<Json> => {
    const sandbox = await held.runtime.create({ ...spec, ...change }, context());
    const request = held.fake.requests.findLast(({ call }) => call === 'create');
    await sandbox.close();
    return request?.body;
  };

  /** What an engine with these OCI runtimes was asked to make. */
  const madeBy = async (runtimes: FakeEngine['runtimes'], config: Config['docker'], id: string): Promise<Json> => {
    const one = await subject({}, undefined, config, id);
    Object.assign(one.fake.runtimes, runtimes);
    await one.runtime.create(spec, context());
    await one.close();
    return one.fake.requests.find(({ call }) => call === 'create')?.body;
  };

  it('describes the engine after a refresh', async () => {
    expect(held.runtime.info()).to.include({ available: false, reason: 'not looked at yet' });
    expect(held.runtime.prepared('shellscript')).to.equal(false);
    expect(await held.runtime.refresh(never)).to.include({ id: 'docker', available: true, version: '99.0' });
    expect(held.runtime.info().languages).to.deep.equal([{ id: 'python', image: 'other' }, { id: 'shellscript', image: 'image' }]);
    expect(held.runtime.prepared('shellscript')).to.equal(true);
    expect(held.runtime.prepared(undefined)).to.equal(true);
    expect(held.runtime.prepared('python')).to.equal(false);
    expect(held.runtime.prepared('go')).to.equal(false);
  });

  it('refuses an engine on a kind of machine for which there is no agent', async () => {
    held.fake.on('info', { json: { ServerVersion: '99.0', OSType: 'linux', Architecture: 's390x', DefaultRuntime: 'runc', Runtimes: { runc: {} } } });
    const info = await held.runtime.refresh(never);
    expect(info).to.include({ available: false, reason: "there is no agent for the engine's processor architecture s390x; use another engine" });
    const fault = await failure(held.runtime.create(spec, context()));
    expect(fault.kind).to.equal('RuntimeUnavailable');
    expect(held.fake.created).to.equal(0);
  });

  it('tells before a sandbox is made what its isolation will be', async () => {
    const found = async (runtimes: FakeEngine['runtimes'], config: Config['docker'], id: string) => {
      const one = await subject({}, undefined, config, id);
      Object.assign(one.fake.runtimes, runtimes);
      const { isolation } = await one.runtime.refresh(never);
      await one.close();
      return [isolation.score, isolation.layers.filter(({ state }) => state !== 'enforced').map(({ name }) => name)];
    };
    expect(await found({}, {}, 'docker')).to.deep.equal([7, []]);
    expect(await found({ runsc: { path: 'runsc' } }, {}, 'gvisor')).to.deep.equal([9, []]);
    expect(await found({ kata: { path: 'kata' } }, { runtimes: { kata: { isolation: 9 } } }, 'kata')).to.deep.equal([9, []]);
  });

  it('refuses an engine of Windows containers', async () => {
    held.fake.on('info', { json: { ServerVersion: '99.0', OSType: 'windows' } });
    const info = await held.runtime.refresh(never);
    expect(info).to.include({ available: false, reason: 'the engine runs windows containers; switch it to Linux containers' });
  });

  it('is not available with Podman behind its API, and says why (E2)', async () => {
    const facts = { ServerVersion: '4.3.1', OSType: 'linux', Architecture: 'amd64', DefaultRuntime: 'runc', Runtimes: { runc: { path: '/usr/bin/runc' } }, BuildahVersion: '1.28.2' };
    held.fake.on('info', { json: facts }, { json: facts });
    const reason = 'this is Podman, whose API lacks options that a sandbox is made with';
    expect(await held.runtime.refresh(never)).to.include({ available: false, reason: `${reason}; use Docker, or one of the other runtimes` });
    expect((await failure(held.runtime.create(spec, context()))).data).to.include({ runtime: 'docker', reason });
  });

  it('makes a sandbox, runs a program in it, and leaves nothing', async () => {
    held.fake.output = 'hello\n';
    const { reports, ...rest } = context();
    const sandbox = await held.runtime.create(spec, rest);
    expect(reports).to.deep.equal([['starting the sandbox', undefined]]);
    expect(sandbox.isolation.layers.filter(({ state }) => state !== 'enforced')).to.deep.equal([]);
    const chunks: string[] = [];
    const program = { command: 'true', cwd: '/workspace', env: {}, stdin: 'none', pty: undefined } as const;
    const { exited } = await sandbox.start(program, (_stream, chunk) => void chunks.push(chunk.toString()));
    expect(await exited).to.include({ kind: 'exited', code: 0 });
    expect(chunks.join('')).to.equal('hello\n');
    await sandbox.close();
    await sandbox.close();
    expect([held.fake.created, held.fake.removed, held.fake.count('remove'), held.folders()]).to.deep.equal([1, 1, 1, []]);
    await until('every connection is closed', () => held.fake.connections === 0);
    expect(held.clock.pending).to.equal(0);
  });

  it('asks for exactly this container (F-B4, F-B5, F-B6, F-B7)', async () => {
    const body = await made();
    const [agent, typescript, hosts, socket] = body.HostConfig.Mounts.map(({ Source }: { Source: string }) => Source);
    expect([agent, typescript, hosts, socket].map((path) => path?.split('/').at(-1))).to.satisfy(([file, loader, names, folder]: string[]) => file === 'agent-x86_64' && loader === 'typescript' && names === 'hosts' && folder?.startsWith('socket-'));
    const readOnly = { Type: 'bind', ReadOnly: true, BindOptions: { Propagation: 'rprivate', NonRecursive: true } };
    const tmpfs = (mebibytes: number) => `rw,exec,nosuid,nodev,mode=1777,uid=65534,gid=65534,size=${mebibytes * 1024 * 1024},nr_inodes=262144`;
    expect(body).to.deep.equal({
      Image: 'image',
      Entrypoint: ['/.codebeaker/agent'],
      Cmd: ['--socket', '/.codebeaker/socket/s'],
      Env: ['HOME=/tmp', 'TMPDIR=/tmp'],
      WorkingDir: '/workspace',
      User: '65534:65534',
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      NetworkDisabled: true,
      Healthcheck: { Test: ['NONE'] },
      StopSignal: 'SIGKILL',
      Labels: { 'codebeaker.daemon': 'daemon1', 'codebeaker.session': 'session1' },
      HostConfig: {
        AutoRemove: true,
        Init: false,
        NetworkMode: 'none',
        IpcMode: 'private',
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        Privileged: false,
        LogConfig: { Type: 'none', Config: {} },
        Memory: 67_108_864,
        MemorySwap: 67_108_864,
        NanoCpus: 1_000_000_000,
        PidsLimit: 64,
        Ulimits: [{ Name: 'nofile', Soft: 4096, Hard: 4096 }, { Name: 'core', Soft: 0, Hard: 0 }],
        ShmSize: 8 * 1024 * 1024,
        Tmpfs: { '/tmp': tmpfs(24), '/workspace': tmpfs(32) },
        Mounts: [{ ...readOnly, Source: agent, Target: '/.codebeaker/agent' }, { ...readOnly, Source: typescript, Target: '/.codebeaker/typescript' }, { ...readOnly, Source: hosts, Target: '/etc/hosts' }, { ...readOnly, Source: socket, Target: '/.codebeaker/socket' }],
      },
    });
  });

  it('sends the options in the body only, because URLs are written to logs (F-E7)', async () => {
    await made();
    const { query } = held.fake.requests.find(({ call }) => call === 'create') ?? {};
    expect([...(query ?? [])]).to.deep.equal([['name', 'codebeaker-session1']]);
  });

  it('asks for the limits that were given', async () => {
    const { HostConfig } = await made({ limits: { ...spec.limits, memoryBytes: 33_554_432, cpus: 0.25, pids: 17, diskBytes: 1_048_576 } });
    expect(HostConfig).to.deep.include({ Memory: 33_554_432, MemorySwap: 33_554_432, NanoCpus: 250_000_000, PidsLimit: 17 });
    const sizes = Object.values(HostConfig.Tmpfs as Record<string, string>).map((options) => Number(/size=(\d+)/.exec(options)?.[1]));
    expect(sizes).to.have.length(2);
    expect([...sizes, HostConfig.ShmSize].reduce((sum, size) => sum + size, 0)).to.equal(1_048_576);
  });

  it('limits processes under gVisor inside, and gives gVisor the threads that it needs', async () => {
    const { HostConfig } = await madeBy({ gvisor: { path: '/usr/local/bin/runsc' } }, {}, 'gvisor');
    expect(HostConfig).to.include({ Runtime: 'gvisor', PidsLimit: 512 + 4 * 64 });
    expect(HostConfig.Ulimits).to.deep.include({ Name: 'nproc', Soft: 64, Hard: 64 });
    expect(await madeBy({ slow: { path: '/opt/runsc' } }, { ociRuntime: 'slow' }, 'docker')).to.have.nested.include({ 'HostConfig.Runtime': 'slow', 'HostConfig.PidsLimit': 768 });
  });

  it('uses the OCI runtime that its kind names, with the limits of any container', async () => {
    const offered = { kata: { runtimeType: 'io.containerd.kata.v2' }, crun: { path: 'crun' } };
    const runtimes = { kata: { isolation: 9 }, small: { ociRuntime: 'crun', isolation: 5 } };
    for (const [id, name] of [['kata', 'kata'], ['small', 'crun']] as const) {
      expect((await madeBy(offered, { runtimes }, id)).HostConfig).to.include({ Runtime: name, PidsLimit: 64 });
    }
    expect((await madeBy(offered, { ociRuntime: 'crun' }, 'docker')).HostConfig).to.include({ Runtime: 'crun' });
  });

  it('says what is missing if the engine has no such OCI runtime, and makes nothing', async () => {
    const ids: Record<string, RegExp> = {
      gvisor: /no OCI runtime runsc; install gVisor/,
      kata: /no OCI runtime kata-fc; add it to the engine's runtimes, or change docker.runtimes.kata/,
      docker: /no OCI runtime youki; .*docker.ociRuntime/,
    };
    for (const [id, words] of Object.entries(ids)) {
      const one = await subject({}, undefined, { ociRuntime: 'youki', runtimes: { kata: { ociRuntime: 'kata-fc', isolation: 9 } } }, id);
      const info = await one.runtime.refresh(never);
      expect(info).to.include({ id, available: false });
      expect(info.reason).to.match(words);
      const fault = await failure(one.runtime.create(spec, context()));
      expect([fault.kind, fault.data.runtime]).to.deep.equal(['RuntimeUnavailable', id]);
      expect(fault.message).to.match(words);
      expect(one.fake.created).to.equal(0);
      await one.close();
    }
  });

  it('needs an image', async () => {
    expect((await failure(held.runtime.create({ ...spec, image: undefined }, context()))).kind).to.equal('LanguageUnsupported');
  });

  it('arranges the sweep before it makes a container, and makes none if that fails', async () => {
    const unswept = await subject({}, () => Promise.reject(new ProtocolError('SandboxFailed', 'no keeper')));
    expect((await failure(unswept.runtime.create(spec, context()))).message).to.equal('no keeper');
    expect(unswept.fake.requests).to.deep.equal([]);
    await unswept.close();
  });

  it('reports that the engine refuses to remove a container, and still ends its lease', async () => {
    const sandbox = await held.runtime.create(spec, context());
    held.fake.on('remove', { status: 500, message: 'device is busy' });
    expect((await failure(sandbox.close())).message).to.equal('Docker refused: device is busy');
    await until('every connection is closed', () => held.fake.connections === 0);
  });

  for (const [name, behaviour] of Object.entries({
    'is gone': { status: 404, message: 'No such container' },
    'is being removed': { status: 409, message: 'removal of container is already in progress' },
  })) {
    it(`counts a container that ${name} as removed`, async () => {
      const sandbox = await held.runtime.create(spec, context());
      held.fake.on('remove', behaviour).on('wait', { status: 404, message: 'No such container' });
      await sandbox.close();
      expect(held.fake.count('wait')).to.equal(behaviour.status === 409 ? 1 : 0);
    });
  }

  it('waits for a removal that is already in progress', async () => {
    const sandbox = await held.runtime.create(spec, context());
    let release = () => {};
    held.fake.on('remove', { status: 409, message: 'already in progress' }).on('wait', new Promise<void>((resolve) => (release = resolve)));
    const reached = held.fake.reached('wait');
    let closed = false;
    const closing = sandbox.close().then(() => (closed = true));
    await reached;
    expect(closed).to.equal(false);
    release();
    await closing;
  });

  it('removes what dead daemons left, and nothing else', async () => {
    for (const sessionId of ['a', 'b', 'c']) await held.runtime.create({ ...spec, name: sessionId }, context());
    const [first, second, third] = [...held.fake.containers.values()];
    Object.assign(first?.options.Labels, { 'codebeaker.daemon': 'dead' });
    Object.assign(third?.options.Labels, { 'codebeaker.daemon': 'dead' });
    expect(await sweepContainers(held.engine, new FakeClock(), (id) => id !== 'daemon1')).to.equal(2);
    expect([...held.fake.containers.keys()]).to.deep.equal([second?.id]);
    expect(held.fake.requests.find(({ call }) => call === 'find')?.query.get('filters')).to.equal('{"label":["codebeaker.daemon"]}');
  });

  it('removes everything when it is closed, and makes nothing afterwards', async () => {
    for (const sessionId of ['a', 'b', 'c']) await held.runtime.create({ ...spec, name: sessionId }, context());
    await held.runtime.close();
    expect(held.fake.containers.size).to.equal(0);
    expect((await failure(held.runtime.create(spec, context()))).message).to.include('shutting down');
    expect(held.fake.count('create')).to.equal(3);
  });

  it('removes the others if one can not be removed, and reports it', async () => {
    for (const sessionId of ['a', 'b', 'c']) await held.runtime.create({ ...spec, name: sessionId }, context());
    held.fake.on('remove', { status: 500, message: 'no' });
    const fault = await held.runtime.close().then(() => undefined, (reason: AggregateError) => reason);
    expect(fault?.errors).to.have.length(1);
    expect(held.fake.containers.size).to.equal(1);
  });

  describe('shares no folder with an engine on another machine', () => {
    let far: Subject;
    let folder: string;
    beforeEach(async () => {
      far = await subject({ local: false });
      folder = mkdtempSync(join(tmpdir(), 'far-'));
    });
    afterEach(async () => {
      rmSync(folder, { recursive: true });
      await far.close();
    });

    for (const access of ['readOnly', 'readWrite'] as const) {
      it(`for ${access}`, async () => {
        const fault = await failure(far.runtime.create({ ...spec, workspace: { path: folder, access } }, context()));
        expect(fault.kind).to.equal('PolicyDenied');
        expect(far.fake.requests).to.deep.equal([]);
      });
    }

    it('but copies it', async () => {
      const { reports, ...rest } = context();
      await far.runtime.create({ ...spec, workspace: { path: folder, access: 'copy' } }, rest);
      expect(reports.map(([message]) => message)).to.deep.equal(['starting the sandbox', 'copying the folder']);
    });
  });

  describe('without an engine', () => {
    const reason = async (socketPath: string) => {
      const engine = new Engine({ name: 'the Docker engine', local: true, options: { socketPath } }, new FakeClock());
      return failure(engine.info(never));
    };

    it('says that there is no socket, and what to do', async () => {
      const { kind, message, data } = await reason('/nowhere/docker.sock');
      expect(kind).to.equal('RuntimeUnavailable');
      expect(message).to.equal("the Docker engine can't be reached (ENOENT); is Docker installed and running? Start it, or set DOCKER_HOST");
      expect(data).to.include({ runtime: 'docker', hint: 'is Docker installed and running? Start it, or set DOCKER_HOST' });
    });

    it('says that nothing listens on the socket', async () => {
      const { socketPath } = held.fake;
      await held.close();
      const { message } = await reason(socketPath);
      expect(message).to.match(/ENOENT|ECONNREFUSED/);
      held = await subject();
    });

    it('says that the socket is not a socket', async () => {
      const { kind, message } = await reason(import.meta.filename);
      expect(kind).to.equal('RuntimeUnavailable');
      expect(message).not.to.include(import.meta.filename);
    });

    it('says why its address can not be used', async () => {
      const engine = new Engine({ name: '', local: false, options: {}, fault: 'the Docker context "x" does not exist' }, new FakeClock());
      const { message } = await failure(engine.info(never));
      expect(message).to.match(/^the Docker context "x" does not exist; set docker.host/);
    });
  });
});
