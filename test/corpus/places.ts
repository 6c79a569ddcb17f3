/** Where the programs of the corpus are run: the runtimes, what they have, and what each is compared with. */
import { existsSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Environment, LanguageId } from '../../server/src/protocol/index.ts';
import { createBunRuntime } from '../../server/src/runtime/kinds/bun/bun.ts';
import { findDeno } from '../../server/src/runtime/kinds/deno/binary.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import { findPackaged } from '../../server/src/runtime/machine/packaged.ts';
import { bundles, dockerImage, npmPackage, ociRuntime, type Probe, program } from '../require.ts';
import type { Subject } from '../runtime/contract/contract.ts';
import { denoSubject } from '../runtime/kinds/deno/subject.ts';
import { containerSubject } from '../runtime/kinds/docker/contract-subject.ts';
import { debian, gvisor, plain } from '../runtime/kinds/docker/real.ts';
import { bubblewrap, layeredSubject, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { type Plain, plainContainer, plainMachine } from './plain.ts';
import type { PlanPlace } from './modes.ts';

export interface Place extends PlanPlace {
  readonly needs: Readonly<Record<string, Probe>>;
  readonly languages: readonly LanguageId[];
  /** What some of these need of this machine. */
  readonly tools?: Readonly<Partial<Record<LanguageId, Probe>>>;
  /** Of these, what is run only where everything is run: another place has the same interpreter and is quicker. */
  readonly elsewhere?: readonly LanguageId[];
  /** How many programs run there at once. */
  readonly atOnce: number;
  /** Whether there are terminals. */
  readonly terminals: boolean;
  /** Whether its JavaScript is that of Deno, whose programs are others. */
  readonly deno: boolean;
  make(): Promise<Subject>;
  /** Where programs are run plainly, with the variables that a session has, and its limits of each process as options of prlimit. undefined: each program says what it prints. */
  plainly?(env: Environment, limits: readonly string[]): Promise<Plain>;
}

const scripts: readonly LanguageId[] = ['python', 'javascript', 'ruby'];
const withNode: readonly LanguageId[] = ['javascript', 'typescript'];
const all: readonly LanguageId[] = ['python', 'javascript', 'typescript', 'go', 'csharp', 'ruby', 'shellscript'];
const machineTools = { python: program('python3'), javascript: program('node'), go: program('go'), csharp: program('mcs'), ruby: program('ruby') };
const isDocker = { docker: dockerImage(debian) };
/** Programs are run plainly by Python, below bubblewrap. */
const isComparable = { bubblewrap, python3: program('python3') };
const isBuilt = { 'the build': bundles };

/** Those of test/setup/nodes.sh, as the image and this machine have others. They run TypeScript. */
const nodes = ['24.22.3', '26.10.0'].map((version): Place => {
  const folder = fileURLToPath(new URL(`../../.cache/nodes/v${version}/bin`, import.meta.url));
  const isThere: Probe = () => (existsSync(folder) ? undefined : `there is no ${folder}; run test/setup/nodes.sh`);
  return {
    name: `native with Node ${version}`, needs: { ...isBuilt, ...isComparable, [`Node ${version}`]: isThere }, languages: ['typescript'], waits: ['typescript'], atOnce: 3, terminals: true, deno: false,
    make: () => nativeSubject(createNativeRuntime, `${folder}:${process.env.PATH}`),
  };
});

export const places: readonly Place[] = [
  {
    name: 'docker', needs: { ...isBuilt, ...isDocker }, languages: all, waits: [...scripts, 'typescript'], atOnce: 3, terminals: true, deno: false,
    make: () => containerSubject(debian, plain), plainly: async (env) => plainContainer(debian, env),
  },
  {
    // Nothing keeps commands there from an interpreter that waits, so it is not used after a command has run.
    name: 'gvisor', needs: { ...isBuilt, ...isDocker, gVisor: ociRuntime('runsc') }, languages: all, waits: [...scripts, 'typescript'], elsewhere: ['typescript'], slow: true, atOnce: 1, terminals: true, deno: false,
    make: () => containerSubject(debian, gvisor), plainly: async (env) => plainContainer(debian, env, 'runsc'),
  },
  {
    name: 'native', needs: isComparable, languages: all.filter((language) => language !== 'typescript'), tools: machineTools, waits: scripts, atOnce: 3, terminals: true, deno: false,
    make: () => nativeSubject(createNativeRuntime), plainly: async (env, limits) => plainMachine(env, limits),
  },
  ...nodes,
  {
    name: 'bun', needs: { bun: npmPackage('bun'), ...isComparable }, languages: withNode, waits: [], atOnce: 3, terminals: true, deno: false,
    make: () => nativeSubject((options) => createBunRuntime(process.env.PATH, options)), // Bun is told not to report anything to its makers.
    plainly: async (env, limits) => plainMachine({ ...env, DO_NOT_TRACK: '1' }, limits, [(await bunFile()) ?? 'bun', '/opt/bun/bun']),
  },
  {
    name: 'deno', needs: { deno: npmPackage('deno'), ...isComparable }, languages: withNode, waits: [], atOnce: 3, terminals: false, deno: true,
    make: denoSubject, plainly: plainDeno,
  },
  {
    // Every Deno writes to one cache. What another one has written there while an interpreter waited keeps it from being used.
    name: 'deno in bubblewrap', needs: { deno: npmPackage('deno'), ...isComparable }, languages: withNode, waits: withNode, atOnce: 1, terminals: true, deno: true,
    make: layeredSubject, plainly: plainDeno,
  },
];

async function plainDeno(): Promise<Plain> {
  return plainMachine({ HOME: '/tmp', TMPDIR: '/tmp' }, [], [(await findDeno(process.env.PATH)) ?? 'deno', '/opt/deno/deno']);
}

function bunFile(): Promise<string | undefined> {
  const native = `@oven/bun-${platform()}-${arch() === 'arm64' ? 'aarch64' : arch()}`;
  return findPackaged({ name: 'bun', files: [{ package: 'bun', file: 'bin/bun.exe' }, { package: native, through: 'bun', file: 'bin/bun' }] }, process.env.PATH);
}
