/**
 * What every runtime owes, as tests against its ports. `contract('docker', { make, features })` declares them;
 * `features` say which apply.
 */
import { describeCan } from './can.ts';
import { describeFiles } from './files.ts';
import type { Parts } from './harness.ts';
import { describeLanguages } from './languages.ts';
import { describeLife } from './life.ts';
import { describeLimits } from './limits.ts';
import { describeLinks } from './links.ts';
import { describePrograms } from './programs.ts';
import { describeStreams } from './streams.ts';
import { describeTerminals } from './terminals.ts';
import { describeTrees } from './trees.ts';

export type { Features, Parts, Subject } from './harness.ts';

const topics = {
  can: describeCan,
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
