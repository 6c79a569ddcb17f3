/** The contract suite for Deno alone. That its permissions hold is tested in the other files of this folder. */
import { need, npmPackage } from '../../../require.ts';
import { contract } from '../../contract/contract.ts';
import { deno } from '../../contract/dialects.ts';
import { denoSubject } from './subject.ts';

describe('deno', () => {
  before(need('deno', npmPackage('deno')));

  contract('deno', {
    make: denoSubject,
    features: { shell: false, pty: false, languages: ['javascript', 'typescript'], enforces: ['memory'], links: 'refused', dialect: deno },
  });
});
