/**
 * What every runtime owes, as tests against its ports. `contract('docker', { make, features })` declares them;
 * `features` say which apply.
 */
import { describeFiles } from './contract/files.ts';
import type { Parts } from './contract/harness.ts';
import { describeLanguages } from './contract/languages.ts';
import { describeLife } from './contract/life.ts';
import { describeLimits } from './contract/limits.ts';
import { describeLinks } from './contract/links.ts';
import { describePrograms } from './contract/programs.ts';
import { describeStreams } from './contract/streams.ts';
import { describeTrees } from './contract/trees.ts';

export type { Features, Parts, Subject } from './contract/harness.ts';

export function contract(name: string, parts: Parts): void {
  describe(`the contract of a runtime: ${name}`, () => {
    describeLife(parts);
    describeFiles(parts);
    describeLinks(parts);
    describePrograms(parts);
    describeStreams(parts);
    describeTrees(parts);
    describeLanguages(parts);
    describeLimits(parts);
  });
}
