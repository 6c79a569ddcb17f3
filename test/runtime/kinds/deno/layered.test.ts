/** The contract suite for Deno in bubblewrap. */
import { need, npmPackage } from '../../../require.ts';
import { contract } from '../../contract/contract.ts';
import { deno } from '../../contract/dialects.ts';
import { bubblewrap, controlGroups, layeredSubject } from '../native/subject.ts';

describe('deno in bubblewrap', () => {
  before(need('bubblewrap', bubblewrap));
  before(need('deno', npmPackage('deno')));

  contract('deno in bubblewrap', {
    make: layeredSubject,
    features: { shell: false, pty: true, languages: ['javascript', 'typescript'], enforces: ['memory', 'cpu', 'disk'], groups: controlGroups, links: 'followed', dialect: deno },
  });
});
