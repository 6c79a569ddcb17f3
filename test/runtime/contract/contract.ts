/**
 * The contract suite: what every runtime must do, as tests of its ports. `contract('docker', { make, features })` declares
 * the tests for a runtime; `features` say which of them apply.
 */
import { describeCan } from './can.ts';
import { describeConnections } from './connections.ts';
import { describeFiles } from './files.ts';
import type { Parts } from './harness.ts';
import { describeLanguages } from './languages.ts';
import { describeLife } from './life.ts';
import { describeLimits } from './limits.ts';
import { describeLinks } from './links.ts';
import { describePackages } from './packages.ts';
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
  packages: describePackages,
  connections: describeConnections,
};

type Topic = keyof typeof topics;

/** All topics. The fake runtime has only some of them. */
export function contract(name: string, parts: Parts, only = Object.keys(topics) as Topic[]): void {
  describe(`the contract of a runtime: ${name}`, () => {
    for (const topic of only) topics[topic](parts);
  });
}
