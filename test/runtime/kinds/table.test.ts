/** The table of runtimes: what it says of each kind before it is loaded is true when it is loaded. */
import { expect } from 'chai';
import { languageIds } from '../../../server/src/protocol/index.ts';
import { lateRuntime } from '../../../server/src/runtime/choice/late.ts';
import { type Leftovers, leftoversOf, runtimeKinds } from '../../../server/src/runtime/kinds/table.ts';
import { SharedParts } from '../../../server/src/runtime/kinds/shared.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeEngine } from '../../fakes/engine.ts';
import { recordingLog } from '../../wire/server.ts';

const docker = { runtimes: { kata: { ociRuntime: 'kata-runtime', isolation: 9 } } };

/** The parts of a daemon with process id 1 on the machine `here`, on which process 7 runs, too. */
const sharedParts = (host = 'tcp://127.0.0.1:1') =>
  new SharedParts({
    env: {}, home: '/nowhere', hostname: 'here', platform: 'linux', pid: 1, uid: -1, version: '0', clock: new FakeClock(), log: recordingLog([]),
    self: ['codebeaker'], alive: (pid) => pid === 1 || pid === 7, docker: { ...docker, host }, images: {}, entries: () => new Map(),
  });

describe('the table of runtimes', () => {
  const kinds = runtimeKinds(docker);

  it('has every runtime once, and those of the configuration', () => {
    expect(kinds.map(({ id }) => id)).to.deep.equal(['docker', 'gvisor', 'kata', 'native', 'deno', 'bun']);
  });

  for (const kind of kinds) {
    it(`says of ${kind.id} what is true when it is loaded, and loading it starts nothing`, async () => {
      const shared = sharedParts();
      const runtime = await kind.load(shared);
      expect({ id: runtime.id, can: runtime.can }).to.deep.equal({ id: kind.id, can: kind.can });
      expect(runtime.info()).to.include({ id: kind.id, available: false, reason: 'not looked at yet' });
      expect(runtime.info().languages.every(({ id }) => languageIds.includes(id))).to.equal(true);
      await runtime.close();
      await shared.close();
    });
  }

  it('loads no runtime for a question about what is known', () => {
    const loads: string[] = [];
    const runtimes = kinds.map(({ id, can }) => lateRuntime(id, can, () => Promise.reject(new Error(String(loads.push(id))))));
    expect(runtimes.map((runtime) => [runtime.id, runtime.info().available, runtime.prepared('python')])).to.deep.equal(kinds.map(({ id }) => [id, false, false]));
    expect(loads).to.deep.equal([]);
  });
});

describe('what dead daemons leave', () => {
  it('is searched for once in each place', () => {
    const all = leftoversOf(runtimeKinds(docker));
    expect(all.map(({ what }) => what)).to.deep.equal(['containers']);
    const own: Leftovers = { what: 'machines', sweep: () => Promise.resolve(0) };
    const [first] = runtimeKinds({});
    if (!first) throw new Error('the table is empty');
    expect(leftoversOf([first, { ...first, id: 'vm', leftovers: own }, first, { ...first, leftovers: undefined }])).to.deep.equal([first.leftovers, own]);
  });

  it('belongs to daemons of this machine that no longer run, and to nobody else', async () => {
    const shared = sharedParts();
    const ids = ['here.2.ab', 'here.7.ab', 'there.2.ab', 'here.2', 'here.x.ab', '', shared.daemonId];
    expect(ids.filter((id) => shared.isGone(id))).to.deep.equal(['here.2.ab']);
    await shared.close();
  });

  it('is removed from the engine by any of the kinds of containers', async () => {
    const engine = await FakeEngine.start();
    const shared = sharedParts(`unix://${engine.socketPath}`);
    try {
      for (const daemon of ['here.2.ab', 'here.7.ab']) await shared.engine.create({ name: daemon, Image: 'image', Labels: { 'codebeaker.daemon': daemon } });
      const [leftovers] = leftoversOf(runtimeKinds(docker));
      expect(await leftovers?.sweep(shared, (id) => shared.isGone(id))).to.equal(1);
      expect([...engine.containers.values()].map(({ options }) => options.Labels['codebeaker.daemon'])).to.deep.equal(['here.7.ab']);
    } finally {
      await engine.close();
      await shared.close();
    }
  });
});
