/** The contract suite for native sandboxes, with the interpreters of the host and with Bun. */
import { languageIds } from '../../../../server/src/protocol/index.ts';
import { createBunRuntime } from '../../../../server/src/runtime/kinds/bun/bun.ts';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import { isAtLeast } from '../../../../server/src/runtime/versions.ts';
import { need, npmPackage } from '../../../require.ts';
import { contract } from '../../contract/contract.ts';
import { sh } from '../../contract/dialects.ts';
import { bubblewrap, controlGroups, interpreters, nativeSubject } from './subject.ts';

const features = { shell: true, pty: true, enforces: ['memory', 'cpu', 'pids', 'disk'], links: 'followed', adjusts: true, groups: controlGroups, dialect: sh } as const;

/** Node does so from 22.18 on. It is the one that runs this test, because it comes first on PATH. */
const nodeRunsTypeScript = isAtLeast(process.versions.node, [22, 18]);

describe('native', () => {
  before(need('bubblewrap', bubblewrap));
  contract('native', {
    make: () => nativeSubject(createNativeRuntime),
    features: { ...features, languages: languageIds.filter((id) => id !== 'typescript' || nodeRunsTypeScript), needs: interpreters },
  });
});

describe('bun', () => {
  before(need('bubblewrap', bubblewrap));
  before(need('bun', npmPackage('bun')));
  contract('bun', {
    make: () => nativeSubject((options) => createBunRuntime(process.env.PATH, options)),
    features: { ...features, languages: ['javascript', 'typescript'] },
  });
});
