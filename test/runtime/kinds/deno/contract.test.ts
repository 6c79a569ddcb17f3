/** Deno as a runtime: the contract. What it keeps its programs from is in deno/*.test.ts. */
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
