/** How the agent gets into a container and speaks with the daemon, and what happens where the engine can't mount it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join, posix } from 'node:path';
import { expect } from 'chai';
import tar from 'tar-stream';
import { agentFile, type Carrier } from '../../../../server/src/runtime/agent/index.ts';
import { type Door, mountedDoor, volumeDoor } from '../../../../server/src/runtime/kinds/docker/entrance.ts';
import { context, failure, spec, subject, type Subject, until } from './subject.ts';
import { textOf } from '../../contract/harness.ts';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { readTypeScript } from '../../../../server/src/runtime/typescript.ts';

/** What stays in the folder of the daemon for all containers. */
const installed = ['agent-x86_64', 'hosts', 'typescript'];

describe('the door that an engine on this machine mounts', () => {
  let home: string;
  let door: Door;
  let opened: Carrier[];
  const sockets: Socket[] = [];
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'door-'));
    opened = [];
    await open(home);
  });
  afterEach(async () => {
    for (const carrier of opened) carrier.destroy();
    for (const socket of sockets.splice(0)) socket.destroy();
    await door.remove();
    rmSync(home, { recursive: true, force: true });
  });

  const open = async (folder: string) => {
    door = await mountedDoor('x86_64', { folder: () => Promise.resolve(folder) }, undefined);
    void door.connected.then((carrier) => void opened.push(carrier));
  };
  const folder = () => door.mounts.find(({ Target }) => Target === '/.codebeaker/socket')?.Source ?? '';
  /** What becomes of a connection: the text that comes over it, and whether it was refused or closed. */
  const call = () => {
    const state = { text: '', ended: false };
    const socket = connect(join(folder(), 's')).on('data', (chunk: Buffer) => (state.text += chunk.toString()));
    for (const end of ['close', 'error', 'end']) socket.on(end, () => (state.ended = true));
    sockets.push(socket);
    return { socket, state };
  };

  it('has the agent, the loader for TypeScript, the names of this machine, and the folder of a socket, none of which can be written from inside', () => {
    expect(door.mounts.map(({ Type, Target, ReadOnly }) => ({ Type, Target, ReadOnly }))).to.deep.equal([
      { Type: 'bind', Target: '/.codebeaker/agent', ReadOnly: true },
      { Type: 'bind', Target: '/.codebeaker/typescript', ReadOnly: true },
      { Type: 'bind', Target: '/etc/hosts', ReadOnly: true },
      { Type: 'bind', Target: '/.codebeaker/socket', ReadOnly: true },
    ]);
    expect(door.args).to.deep.equal(['--socket', '/.codebeaker/socket/s']);
  });

  it('can be used by every user of the container, whatever the daemon\'s umask is', async () => {
    await door.remove();
    const before = process.umask(0o077);
    try {
      await open(mkdtempSync(join(home, 'masked-')));
    } finally {
      process.umask(before);
    }
    const [agent, , hosts] = door.mounts;
    expect((statSync(agent?.Source ?? '').mode & 0o777).toString(8)).to.equal('555');
    expect((statSync(hosts?.Source ?? '').mode & 0o777).toString(8)).to.equal('444');
    expect((statSync(folder()).mode & 0o777).toString(8)).to.equal('755');
    expect((statSync(join(folder(), 's')).mode & 0o666).toString(8)).to.equal('666');
  });

  it('installs the agent once for all containers', async () => {
    const first = door;
    await open(home);
    expect(door.mounts[0]?.Source).to.equal(first.mounts[0]?.Source);
    expect(readFileSync(door.mounts[0]?.Source ?? '').equals(readFileSync(agentFile('x86_64')))).to.equal(true);
    expect(readdirSync(home).filter((name) => name.startsWith('agent-'))).to.deep.equal(['agent-x86_64']);
    await first.remove();
  });

  it('carries what is said in both directions', async () => {
    const { socket, state } = call();
    await until('it is connected', () => opened.length === 1);
    let heard = '';
    opened[0]?.listen((bytes) => (heard += bytes.toString()));
    socket.write('from inside');
    await opened[0]?.write(Buffer.from('from outside'));
    await until('both have come', () => heard === 'from inside' && state.text === 'from outside');
  });

  it('takes one connection, and refuses a second one', async () => {
    const first = call();
    await until('it is connected', () => opened.length === 1);
    const second = call();
    await until('the second is refused', () => second.state.ended);
    expect([opened.length, first.state.ended]).to.deep.equal([1, false]);
  });

  it('takes the first of two connections that are made at once, and closes the second', async () => {
    const [first, second] = [call(), call()];
    await until('one is closed', () => first.state.ended || second.state.ended);
    expect([opened.length, first.state.ended, second.state.ended]).to.deep.equal([1, false, true]);
  });

  it('has no socket any more once the agent has connected', async () => {
    call();
    await until('it is connected', () => opened.length === 1);
    await until('there is no socket', () => !existsSync(join(folder(), 's')));
  });

  for (const connected of [false, true]) {
    it(`is removed with its folder, ${connected ? 'after' : 'before'} the agent has connected`, async () => {
      if (connected) call();
      if (connected) await until('it is connected', () => opened.length === 1);
      await door.remove();
      expect(existsSync(folder())).to.equal(false);
      expect(readdirSync(home)).to.deep.equal(installed);
    });
  }

  it('has no socket where its path would be too long for one, and the frames go over the streams of the container', async () => {
    await door.remove();
    const long = mkdtempSync(join(home, 'long'.repeat(30)));
    await open(long);
    expect([door.mounts.map(({ Target }) => Target), door.args]).to.deep.equal([['/.codebeaker/agent', '/.codebeaker/typescript', '/etc/hosts'], []]);
    await door.remove();
    expect([readdirSync(home), readdirSync(long)]).to.deep.equal([['agent-x86_64', 'hosts', basename(long), 'typescript'], installed]);
  });

  it('leaves nothing if the folder can not be made', async () => {
    await door.remove();
    const fault = await mountedDoor('x86_64', { folder: () => Promise.reject(new Error('no folder')) }, undefined).catch((thrown: Error) => thrown.message);
    expect(fault).to.equal('no folder');
    expect(readdirSync(home)).to.deep.equal(installed);
  });
});

describe('the door through a volume', () => {
  let held: Subject;
  beforeEach(async () => (held = await subject({ local: false })));
  afterEach(() => held.close());

  it('is filled with the agent, which everybody may execute and nobody write, and with the loader for TypeScript', async () => {
    const door = volumeDoor('x86_64');
    expect([door.mounts.length, door.args]).to.deep.equal([1, []]);
    expect(door.mounts[0]).to.deep.include({ Type: 'volume', Source: '', Target: '/.codebeaker', ReadOnly: false }).and.to.have.nested.property('VolumeOptions.NoCopy', true);
    const id = await held.engine.create({ name: 'x', Image: 'image' });
    await door.fill(held.engine, id, new AbortController().signal);
    const [archive, ...others] = held.fake.containers.get(id)?.archives ?? [];
    expect([archive?.folder, others]).to.deep.equal(['/.codebeaker', []]);
    const loader = await readTypeScript();
    const entries: [string, number | undefined, number | undefined, boolean][] = [];
    const extract = tar.extract();
    extract.end(archive?.content);
    for await (const entry of extract) {
      const pieces: Buffer[] = [];
      for await (const piece of entry) pieces.push(piece as Buffer);
      const { name, mode, uid } = entry.header;
      entries.push([name, mode, uid, Buffer.concat(pieces).equals(loader.get(posix.basename(name)) ?? readFileSync(agentFile('x86_64')))]);
    }
    expect(entries).to.deep.equal([['agent', 0o555, 0, true], ...[...loader.keys()].map((name) => [`typescript/${name}`, 0o444, 0, true])]);
  });
});

describe('the doors of the Docker runtime', () => {
  let held: Subject;
  afterEach(() => held.close());

  const make = async (change = {}) => {
    held = await subject(change);
    held.fake.output = 'hello';
  };
  const create = (name = 'one') => held.runtime.create({ ...spec, name }, context());
  const mounts = (name: string): string[] =>
    [...held.fake.containers.values()].find((each) => each.name === `codebeaker-${name}`)?.options.HostConfig.Mounts.map(({ Type, Target }: { Type: string; Target: string }) => `${Type} ${Target}`);
  const works = async (sandbox: Sandbox) => expect(await textOf(sandbox, 'echo hello')).to.equal('hello');
  const mounted = ['bind /.codebeaker/agent', 'bind /.codebeaker/typescript', 'bind /etc/hosts', 'bind /.codebeaker/socket'];
  const volume = ['volume /.codebeaker'];
  /** Docker's answer for a mount of a folder that it can't find. */
  const noSuchFolder = (response: ServerResponse) => {
    const [{ Source }] = held.fake.requests.findLast(({ call }) => call === 'create')?.body.HostConfig.Mounts;
    response.writeHead(400, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ message: `invalid mount config for type "bind": bind source path does not exist: ${Source}` }));
  };

  it('have the agent mounted by an engine on this machine, and it connects to the socket', async () => {
    await make();
    const sandbox = await create();
    expect([mounts('one'), held.fake.count('put'), held.folders().length]).to.deep.equal([mounted, 0, 1]);
    await works(sandbox);
    await sandbox.close();
    expect(held.folders()).to.deep.equal([]);
  });

  it('carry the frames over the streams of a container that runs on another kernel', async () => {
    await make();
    held.fake.onThisHost = false;
    const sandbox = await create();
    expect(mounts('one')).to.deep.equal(mounted);
    await works(sandbox);
    await sandbox.close();
    expect(held.folders()).to.deep.equal([]);
  });

  it('are volumes if the engine can not mount what is on this machine, which is not tried again', async () => {
    await make();
    held.fake.on('create', noSuchFolder);
    const sandboxes = [await create('one'), await create('two')];
    expect([mounts('one'), mounts('two'), held.fake.count('create'), held.fake.count('put'), held.folders()]).to.deep.equal([volume, volume, 3, 2, []]);
    for (const sandbox of sandboxes) {
      await works(sandbox);
      await sandbox.close();
    }
  });

  it('are volumes if nothing can be executed where the daemon has its files (H4)', async () => {
    await make();
    held.fake.on('start', { status: 400, message: 'failed to create task for container: runc create failed: unable to start container process: exec: "/.codebeaker/agent": permission denied: unknown' });
    const sandbox = await create();
    expect([mounts('one'), held.fake.count('create'), held.fake.removed, held.folders()]).to.deep.equal([volume, 2, 1, []]);
    await works(sandbox);
    await sandbox.close();
  });

  it('are volumes as long as the daemon has no room for its files (H4), and mounts again after that', async () => {
    await make();
    held.full(true);
    const first = await create('one');
    expect([mounts('one'), held.folders(), held.logged.map(([level]) => level)]).to.deep.equal([volume, [], ['warn']]);
    await works(first);
    held.full(false);
    const second = await create('two');
    expect([mounts('two'), held.folders().length]).to.deep.equal([mounted, 1]);
    for (const sandbox of [first, second]) await sandbox.close();
  });

  it('are volumes with an engine on another machine', async () => {
    await make({ local: false });
    const sandbox = await create();
    expect([mounts('one'), held.fake.count('put'), held.folders()]).to.deep.equal([volume, 1, []]);
    await works(sandbox);
    await sandbox.close();
  });

  it('leave nothing behind when the container is refused', async () => {
    await make();
    held.fake.on('create', { status: 500, message: 'no' });
    await failure(create());
    expect(held.folders()).to.deep.equal([]);
    const sandbox = await create('again');
    expect(mounts('again')).to.deep.equal(mounted);
    await sandbox.close();
  });
});
