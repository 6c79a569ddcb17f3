/** Named pipes into a container. Where they can't be used, everything goes through the engine. */
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createLog } from '../../../../server/src/base/log.ts';
import { Fifos } from '../../../../server/src/runtime/machine/fifos.ts';
import { Keeper } from '../../../../server/src/runtime/machine/keeper.ts';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { dockerImage, need } from '../../../require.ts';
import { textOf } from '../../contract/harness.ts';
import { busybox, real } from './real.ts';
import { context, failure, spec, subject, type Subject } from './subject.ts';

describe('named pipes into a container', () => {
  let keeper: Keeper;
  let folder: string;
  let held: Subject;
  beforeEach(async () => {
    keeper = new Keeper({ pid: process.pid, log: createLog('error', () => undefined) });
    folder = await keeper.folder();
  });
  afterEach(async () => {
    await held.close();
    await keeper.close();
  });

  const make = async (change = {}) => {
    held = await subject(change, undefined, {}, 'docker', { keeper, fifos: new Fifos(keeper) });
    held.fake.output = 'hello';
  };
  const create = (name = 'one') => held.runtime.create({ ...spec, name }, context());
  const folders = () => readdirSync(folder).filter((name) => name.startsWith('container-'));
  const mounts = (name: string) => [...held.fake.containers.values()].find((each) => each.name === `codebeaker-${name}`)?.options.HostConfig.Mounts;
  const works = async (sandbox: Sandbox) => {
    expect(await textOf(sandbox, 'echo hello')).to.equal('hello');
  };
  /** Docker's answer for a mount of a folder that it can't find. */
  const noSuchFolder = (response: ServerResponse) => {
    const [{ Source }] = held.fake.requests.findLast(({ call }) => call === 'create')?.body.HostConfig.Mounts;
    response.writeHead(400, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ message: `invalid mount config for type "bind": bind source path does not exist: ${Source}` }));
  };

  it('are not used if it runs on another kernel, and are removed with it', async () => {
    await make();
    const sandbox = await create();
    expect(mounts('one')).to.have.length(1);
    expect(folders()).to.have.length(1);
    await works(sandbox);
    await sandbox.close();
    expect(folders()).to.deep.equal([]);
  });

  it('are not tried again if the engine can not mount their folder', async () => {
    await make();
    held.fake.on('create', noSuchFolder);
    const sandboxes = [await create('one'), await create('two')];
    expect([mounts('one'), mounts('two'), held.fake.count('create'), folders()]).to.deep.equal([[], [], 3, []]);
    for (const sandbox of sandboxes) {
      await works(sandbox);
      await sandbox.close();
    }
  });

  it('are not tried with an engine on another machine', async () => {
    await make({ local: false });
    const sandbox = await create();
    expect([mounts('one'), folders()]).to.deep.equal([[], []]);
    await sandbox.close();
  });

  it('leave nothing behind when the container is refused', async () => {
    await make();
    held.fake.on('create', { status: 500, message: 'no' });
    await failure(create());
    expect(folders()).to.deep.equal([]);
    const sandbox = await create('again');
    expect(mounts('again')).to.have.length(1);
    await sandbox.close();
  });
});

describe('named pipes in a real container', () => {
  before(need('docker', dockerImage(busybox)));

  it('can be opened inside, and not added to, replaced or removed', async () => {
    const held = real(busybox);
    try {
      const sandbox = await held.create();
      const tries = 'cd /.codebeaker/pipes; for t in "touch x" "rm 0.in" "mv 0.in y" "mkfifo z" "chmod 700 ." "chmod 700 0.in"; do $t 2>/dev/null && echo "$t: done"; done; ls';
      expect(await textOf(sandbox, tries)).to.equal('0.err\n0.in\n0.out\nprelude\n');
    } finally {
      await held.close();
    }
  });

  it('carry further shells, without any call of the engine', async () => {
    const held = real(busybox);
    try {
      const sandbox = await held.create();
      const both = await Promise.all(['one', 'two'].map((word) => textOf(sandbox, `sleep 0.2; echo ${word}; ls /.codebeaker/pipes | wc -l`)));
      expect(both).to.deep.equal(['one\n7\n', 'two\n7\n']);
    } finally {
      await held.close();
    }
  });
});
