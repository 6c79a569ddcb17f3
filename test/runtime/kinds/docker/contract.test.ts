/** The contract suite for Docker, with an image of Debian and one of busybox. */
import { languageIds } from '../../../../server/src/protocol/index.ts';
import { dockerImage, need } from '../../../require.ts';
import { contract } from '../../contract/contract.ts';
import { sh } from '../../contract/dialects.ts';
import { containerSubject } from './contract-subject.ts';
import { busybox, debian, plain } from './real.ts';

describe('docker', () => {
  const features = { shell: true, pty: true, enforces: ['memory', 'cpu', 'pids', 'disk'], links: 'followed', adjusts: true, dialect: sh } as const;

  describe('with Debian', () => {
    before(need('docker', dockerImage(debian)));
    contract('docker', { make: () => containerSubject(debian, plain), features: { ...features, languages: languageIds } });
  });

  describe('with busybox', () => {
    before(need('docker', dockerImage(busybox)));
    contract('docker, busybox', { make: () => containerSubject(busybox, plain), features: { ...features, languages: ['shellscript'] } });
  });
});
