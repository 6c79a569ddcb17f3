/** Real package managers in containers: with the engine's own runtime, and under gVisor. */
import { dockerImage, need, ociRuntime } from '../require.ts';
import { containerSubject } from '../runtime/kinds/docker/contract-subject.ts';
import { debian, gvisor, plain } from '../runtime/kinds/docker/real.ts';
import { describeFromNpm } from './from-npm.ts';
import { packageMakers } from './indexes/needs.ts';
import { describeInstalling } from './installing.ts';
import { describeManifests } from './manifests.ts';

describe('packages in containers', () => {
  before(need('docker', dockerImage(debian)));
  before(need('what makes packages', packageMakers));
  describeInstalling(() => containerSubject(debian, plain));
  describe('by manifests and lock files', () => describeManifests(() => containerSubject(debian, plain)));
  describe('from the registry of npm', () => describeFromNpm(() => containerSubject(debian, plain)));
});

describe('packages in gVisor', () => {
  before(need('gvisor', ociRuntime('runsc')));
  before(need('docker', dockerImage(debian)));
  before(need('what makes packages', packageMakers));
  describeInstalling(() => containerSubject(debian, gvisor), { brief: true });
  describe('by manifests and lock files', () => describeManifests(() => containerSubject(debian, gvisor), { brief: true }));
  describe('from the registry of npm', () => describeFromNpm(() => containerSubject(debian, gvisor)));
});
