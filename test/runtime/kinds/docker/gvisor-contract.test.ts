/** The contract suite for gVisor, with an image of Debian and one of busybox. */
import { languageIds } from '../../../../server/src/protocol/index.ts';
import { dockerImage, need, ociRuntime } from '../../../require.ts';
import { contract } from '../../contract/contract.ts';
import { sh } from '../../contract/dialects.ts';
import { containerSubject } from './contract-subject.ts';
import { busybox, debian, gvisor } from './real.ts';

describe('gvisor', () => {
  before(need('gVisor', ociRuntime('runsc')));
  // The limit of the processor is tested from outside (docker/gvisor.test.ts): under gVisor a program's processor time goes on while it waits.
  const features = { shell: true, pty: true, enforces: ['memory', 'pids', 'disk'], memoryEnds: 'sandbox', countsWaiting: true, links: 'followed', dialect: sh } as const;

  describe('with Debian', () => {
    before(need('docker', dockerImage(debian)));
    contract('gvisor', { make: () => containerSubject(debian, gvisor), features: { ...features, languages: languageIds } });
  });

  describe('with busybox', () => {
    before(need('docker', dockerImage(busybox)));
    contract('gvisor, busybox', { make: () => containerSubject(busybox, gvisor), features: { ...features, languages: ['shellscript'] } });
  });
});
