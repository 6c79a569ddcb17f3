/** The runtime `native`, which runs every language that has an interpreter or compiler on this host. */
import { languageIds } from '../../../protocol/index.ts';
import { isAtLeast, type Version } from '../../versions.ts';
import { NATIVE_SCORE, nativeIsolation } from './isolation.ts';
import { type NativeKind, type NativeOptions, NativeRuntime } from './runtime.ts';

const layers = ['user', 'capabilities', 'noNewPrivileges', 'seccomp', 'verdicts', 'processes', 'filesystem', 'network', 'memory', 'cpu', 'pids', 'disk'];
/** The isolation on a host where nothing is missing. */
export const expectedIsolation = { score: NATIVE_SCORE, layers: layers.map((name) => ({ name, state: 'enforced' as const })) };
const MiB = 1024 * 1024;
/** From Node 24 on, V8 reserves half a gibibyte in each isolate for the code that it compiles. A program may have three workers. */
const NODE_RESERVES = { since: [24, 0] as Version, bytes: 4 * 512 * MiB };

export const native: NativeKind = {
  id: 'native',
  languages: languageIds,
  isolation: expectedIsolation,
  startup: { coldMs: 20, warmMs: 5 },
  memoryBytes: 2 * MiB,
  hint: 'run "codebeaker doctor" for details',
  reservedBytes(language, languages) {
    if (language !== undefined && language !== 'javascript' && language !== 'typescript') return 0;
    const version = languages.find(({ id }) => id === 'javascript')?.version;
    return version !== undefined && isAtLeast(version, NODE_RESERVES.since) ? NODE_RESERVES.bytes : 0;
  },
  equip: () => Promise.resolve({ binds: [], path: [], isolation: nativeIsolation }),
};

export function createNativeRuntime(options: NativeOptions): NativeRuntime {
  return new NativeRuntime(native, options);
}
