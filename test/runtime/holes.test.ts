/** Versions that are known to be broken: which are, and what that makes of a runtime (F-B5, F-B6, F-A6). */
import { expect } from 'chai';
import { type Component, holes, holesAsOf, type Hole } from '../../server/src/runtime/holes/table.ts';
import { weakened, weaknessesOf } from '../../server/src/runtime/holes/find.ts';
import { compareVersions } from '../../server/src/runtime/versions.ts';

const ids = (component: Component, version: string) => weaknessesOf(component, version).map(({ id, state }) => `${id.split(', ')[0]} ${state}`);

describe('versions', () => {
  it('are in order, with their prereleases', () => {
    const sorted = ['0.9', '1.0.0-rc7', '1.0.0-rc95', '1.0.0', '1.0.1', '1.2.8', '1.2.10', '1.4.0-alpha.2', '1.4.0-rc.2', '1.4.0-rc.10', '1.4.0', '1.4.0.post1', '2.0'];
    expect([...sorted].reverse().sort(compareVersions)).to.deep.equal(sorted);
    expect([compareVersions('1.2', 'v1.2.0'), compareVersions('1.1.5+ds1', '1.1.5')]).to.deep.equal([0, 0]);
  });
});

describe('a version that is known to be broken', () => {
  const cases: [component: Component, version: string, expected: string[]][] = [
    ['runc', '1.0.0-rc6', ['CVE-2019-5736 open', 'CVE-2021-30465 open', 'CVE-2024-21626 open', 'CVE-2025-31133 open']],
    ['runc', '1.0.0-rc95', ['CVE-2024-21626 open', 'CVE-2025-31133 open']],
    ['runc', '1.1.11', ['CVE-2024-21626 open', 'CVE-2025-31133 open']],
    ['runc', 'v1.1.12', ['CVE-2025-31133 open']],
    ['runc', '1.2.7', ['CVE-2025-31133 open']],
    ['runc', '1.2.8', []],
    ['runc', '1.3.0-rc.1', ['CVE-2025-31133 open']],
    ['runc', '1.3.2', ['CVE-2025-31133 open']],
    ['runc', '1.3.3', []],
    ['runc', '1.4.0-rc.2', ['CVE-2025-31133 open']],
    ['runc', '1.4.0-rc.3', []],
    ['runc', '1.4.0', []],
    ['runc', '1.1.5+ds1', ['CVE-2024-21626 unknown', 'CVE-2025-31133 unknown']],
    ['runc', '1.1.12-0ubuntu2~22.04.1', ['CVE-2025-31133 unknown']],
    ['runc', '1.3.3-0ubuntu1', []],
    ['runc', 'built from source', []],
    ['runc', '', []],
    ['Docker Desktop', '4.38.0', ['CVE-2025-9074 unreached', 'CVE-2026-5843 unreached']],
    ['Docker Desktop', '4.44.3', ['CVE-2026-6406 unreached', 'CVE-2026-5843 unreached']],
    ['Docker Desktop', '4.71.0', []],
    ['Docker Engine', '20.10.24+dfsg1', ['CVE-2026-41567 unreached']],
    ['Docker Engine', '29.5.1', []],
    ['containerd', '1.7.32', ['CVE-2026-53488 unreached']],
    ['containerd', '1.6.20~ds1', []],
    ['containerd', '2.2.5', []],
    ['bubblewrap', '0.8.0', ['CVE-2026-87766 unreached']],
    ['bubblewrap', '0.11.1', ['CVE-2026-41163 unreached', 'CVE-2026-87766 unreached']],
    ['bubblewrap', '0.12.0', []],
    ['deno', '2.9.3', ['denoland/deno#35882 unreached']],
    ['deno', '2.9.6', []],
  ];
  for (const [component, version, expected] of cases) {
    it(`has ${expected.length === 0 ? 'no known holes' : expected.join(', ')}: ${component} ${version || 'without a version'}`, () => {
      expect(ids(component, version)).to.deep.equal(expected);
    });
  }

  it('costs the isolation a point and is told in a layer only where the hole is open (F-B6)', () => {
    const isolation = { score: 7, layers: [{ name: 'user', state: 'enforced' as const }] };
    expect(weakened(isolation, weaknessesOf('runc', '1.2.5'))).to.deep.equal({
      score: 6,
      layers: [...isolation.layers, { name: 'versions', state: 'degraded', detail: 'runc 1.2.5 has CVE-2025-31133, CVE-2025-52565, CVE-2025-52881' }],
    });
    for (const [component, version] of [['runc', '1.1.5+ds1'], ['runc', '1.2.8'], ['Docker Desktop', '4.38.0']] as const) {
      expect(weakened(isolation, weaknessesOf(component, version))).to.equal(isolation);
    }
  });
});

describe('the table of holes', () => {
  it('has a date, and a source for each row', () => {
    expect(new Date(holesAsOf).toISOString().slice(0, 10)).to.equal(holesAsOf);
    for (const { url } of holes) expect(url).to.match(/^https:\/\/[^ ]+$/);
    expect(new Set(holes.map(({ id }) => id)).size).to.equal(holes.length);
  });

  /** Each fix is the end of a range, and each range has one. */
  const ends = ({ broken, fixedIn }: Hole) => [broken.map(({ below }) => below), [...fixedIn]];
  for (const hole of holes) {
    it(`has ranges that end with a fix: ${hole.id}`, () => {
      const [below, fixed] = ends(hole);
      expect(below).to.deep.equal(fixed);
      for (const { from, below: end } of hole.broken) if (from !== undefined) expect(compareVersions(from, end)).to.be.below(0);
    });
  }
});
