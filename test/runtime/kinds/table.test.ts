/** The table of runtimes: what it says of each kind before it is loaded is true when it is loaded. */
import { expect } from 'chai';
import { languageIds } from '../../../server/src/protocol/index.ts';
import { lateRuntime } from '../../../server/src/runtime/choice/late.ts';
import { type Leftovers, leftoversOf, runtimeKinds, sweepLeftovers } from '../../../server/src/runtime/kinds/table.ts';
import { SharedParts } from '../../../server/src/runtime/kinds/shared.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { FakeEngine } from '../../fakes/engine.ts';
import { deadDaemon } from '../machine/daemons.ts';
import { recordingLog } from '../../wire/server.ts';

const docker = { runtimes: { kata: { ociRuntime: 'kata-runtime', isolation: 9 } } };

/** The parts of a daemon with process id 1 on the machine `here`. */
const sharedParts = (host = 'tcp://127.0.0.1:1') =>
  new SharedParts({
    env: {}, home: '/nowhere', hostname: 'here', platform: 'linux', process: { pid: 1, kill: () => true }, uid: -1, version: '0', clock: new FakeClock(), log: recordingLog([]),
    self: ['codebeaker'], docker: { ...docker, host }, images: {}, entries: () => new Map(),
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
    const own: Leftovers = { what: 'machines', find: () => Promise.resolve([]) };
    const [first] = runtimeKinds({});
    if (!first) throw new Error('the table is empty');
    expect(leftoversOf([first, { ...first, id: 'vm', leftovers: own }, first, { ...first, leftovers: undefined }])).to.deep.equal([first.leftovers, own]);
  });

  it('belongs to daemons that are surely dead, and to nobody else, whatever the names of hosts and the process ids say (H1, F-C5)', async () => {
    const engine = await FakeEngine.start();
    const shared = sharedParts(`unix://${engine.socketPath}`);
    const { name: dead } = await deadDaemon();
    try {
      const gone = await shared.gone();
      const ids = [`here/${dead}`, `there/${dead}`, 'here/codebeaker-2000000000-ab', 'here.2.ab', '', shared.daemonId];
      expect(ids.filter((id) => gone(id))).to.deep.equal([`here/${dead}`, `there/${dead}`]);
    } finally {
      await engine.close();
      await shared.close();
    }
  });

  it('is removed from the engine by any of the kinds of containers; what nobody has started for a day is removed too (H1, F-C5)', async () => {
    const engine = await FakeEngine.start();
    const shared = sharedParts(`unix://${engine.socketPath}`);
    try {
      for (const daemon of ['dead', 'alive', 'unstarted', 'alive and old']) await shared.engine.create({ name: daemon, Image: 'image', Labels: { 'codebeaker.daemon': daemon } });
      const [, , unstarted, old] = [...engine.containers.values()];
      for (const each of [unstarted, old]) if (each) each.madeAt -= 25 * 3600;
      await shared.engine.attach(old?.id ?? '', new AbortController().signal);
      const [leftovers] = leftoversOf(runtimeKinds(docker));
      expect(leftovers && (await sweepLeftovers(leftovers, shared, (id) => id === 'dead'))).to.equal(2);
      expect([...engine.containers.values()].map(({ name }) => name)).to.deep.equal(['alive', 'alive and old']);
    } finally {
      await engine.close();
      await shared.close();
    }
  });
});
