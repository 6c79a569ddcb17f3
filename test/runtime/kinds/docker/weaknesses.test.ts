/** What an engine tells of its parts becomes the known holes of each kind of containers (F-B5, F-B6). */
import { expect } from 'chai';
import { context, spec, type Subject, subject } from './subject.ts';

const never = new AbortController().signal;
const component = (Name: string, Version: string) => ({ Name, Version, Details: {} });

/** As engines answer `GET /version`. */
const engines = {
  broken: { Platform: { Name: 'Docker Engine - Community' }, Components: [component('Engine', '29.5.1'), component('containerd', '2.2.5'), component('runc', '1.2.5')] },
  debian: { Platform: { Name: '' }, Components: [component('Engine', '20.10.24+dfsg1'), component('containerd', '1.6.20~ds1'), component('runc', '1.1.5+ds1')] },
  desktop: { Platform: { Name: 'Docker Desktop 4.38.0 (181591)' }, Components: [component('Engine', '29.5.1'), component('containerd', '2.2.5'), component('runc', '1.4.0')] },
  recent: { Platform: { Name: '' }, Components: [component('Engine', '29.5.1'), component('containerd', '2.2.5'), component('runc', '1.4.0')] },
};

describe('an engine that tells the versions of its parts', () => {
  let held: Subject;
  afterEach(() => held.close());

  const look = async (parts: object, id = 'docker', ociRuntime?: string) => {
    held = await subject({}, undefined, ociRuntime === undefined ? {} : { ociRuntime }, id);
    Object.assign(held.fake.runtimes, { runsc: { path: '/usr/bin/runsc' }, crun: { path: '/usr/bin/crun' } });
    held.fake.parts = parts;
    const { weaknesses = [], isolation, available } = await held.runtime.refresh(never);
    const weak = isolation.layers.filter(({ state }) => state !== 'enforced').map(({ name }) => name);
    return { available, found: weaknesses.map((each) => `${each.component} ${each.version} ${each.state}`), score: isolation.score, weak };
  };

  const cases: Record<string, [parts: object, id: string, oci: string | undefined, found: string[], score: number, weak: string[]]> = {
    'a runc with an open hole (F-B6)': [engines.broken, 'docker', undefined, ['runc 1.2.5 open'], 6, ['versions']],
    'a runc that gVisor takes the place of': [engines.broken, 'gvisor', undefined, [], 9, []],
    'a runc that another OCI runtime takes the place of': [engines.broken, 'docker', 'crun', [], 7, []],
    'versions of a distribution (F-B6)': [engines.debian, 'docker', undefined, ['runc 1.1.5+ds1 unknown', 'runc 1.1.5+ds1 unknown', 'Docker Engine 20.10.24+dfsg1 unreached'], 7, []],
    'a Docker Desktop (F-B5)': [engines.desktop, 'docker', undefined, ['Docker Desktop 4.38.0 unreached', 'Docker Desktop 4.38.0 unreached'], 7, []],
    'versions without known holes': [engines.recent, 'docker', undefined, [], 7, []],
    'nothing of its parts': [{}, 'docker', undefined, [], 7, []],
  };
  for (const [name, [parts, id, oci, found, score, weak]] of Object.entries(cases)) {
    it(`has ${name}`, async () => {
      expect(await look(parts, id, oci)).to.deep.equal({ available: true, found, score, weak });
    });
  }

  it('is available although it refuses to tell them', async () => {
    held = await subject();
    held.fake.on('version', { status: 500, message: 'no' });
    expect(await held.runtime.refresh(never)).to.include({ available: true }).and.not.to.have.property('weaknesses');
  });

  it('gives a sandbox less isolation where a hole is open, also if it was never looked at before (F-B6)', async () => {
    held = await subject();
    held.fake.parts = engines.broken;
    const { isolation } = await held.runtime.create(spec, context());
    expect([isolation.score, isolation.layers.at(-1)]).to.deep.equal([6, {
      name: 'versions', state: 'degraded', detail: 'runc 1.2.5 has CVE-2025-31133, CVE-2025-52565, CVE-2025-52881',
    }]);
  });
});
