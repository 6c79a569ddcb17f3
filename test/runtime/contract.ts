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
import { describeTerminals } from './contract/terminals.ts';
import { describeTrees } from './contract/trees.ts';

export type { Features, Parts, Subject } from './contract/harness.ts';

const topics = {
  life: describeLife,
  files: describeFiles,
  links: describeLinks,
  programs: describePrograms,
  streams: describeStreams,
  terminals: describeTerminals,
  trees: describeTrees,
  languages: describeLanguages,
  limits: describeLimits,
};

type Topic = keyof typeof topics;

/** All topics, but for a runtime that is no real one. */
export function contract(name: string, parts: Parts, only = Object.keys(topics) as Topic[]): void {
  describe(`the contract of a runtime: ${name}`, () => {
    for (const topic of only) topics[topic](parts);
  });
}
