/** Real package managers in native sandboxes. */
import { need } from '../require.ts';
import { bubblewrap, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import { describeFromNpm } from './from-npm.ts';
import { packageManagers } from './indexes/needs.ts';
import { describeInstalling } from './installing.ts';
import { describeManifests } from './manifests.ts';

describe('packages in native sandboxes', () => {
  before(need('bubblewrap', bubblewrap));
  before(need('the package managers', packageManagers));
  describeInstalling(() => nativeSubject(createNativeRuntime));
  describe('by manifests and lock files', () => describeManifests(() => nativeSubject(createNativeRuntime)));
  describe('from the registry of npm', () => describeFromNpm(() => nativeSubject(createNativeRuntime)));
});
