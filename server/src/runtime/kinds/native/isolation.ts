/** What a native sandbox really enforces: its own facts, read from inside, against what was asked. */
import type { Isolation, Layer } from '../../../protocol/index.ts';
import type { SandboxSpec } from '../../ports.ts';
import { type Facts, layers } from '../../shell/index.ts';

/** Of 10: as with a container, the kernel is the host's; and so are the programs. */
export const NATIVE_SCORE = 6;

const NO_GROUP = 'this host lets us set no control group';

export function nativeIsolation(facts: Facts, spec: SandboxSpec): Isolation {
  const { limits } = spec;
  const { member, perProcess } = facts;
  const inGroup = (name: string) => member.has(name) || member.has('.');
  const memory = layers.limit('memory', inGroup('memory') ? facts.memoryBytes : undefined, limits.memoryBytes, 'bytes', NO_GROUP);
  const pids = layers.limit('pids', inGroup('pids') ? facts.pids : undefined, limits.pids, 'processes', NO_GROUP);
  return layers.isolationOf(NATIVE_SCORE, [
    layers.user(facts),
    layers.capabilities(facts),
    layers.noNewPrivileges(facts.noNewPrivs === true),
    layers.seccomp(facts, 'a filter of dangerous system calls'),
    layers.processes(facts),
    layers.filesystem(facts, "read-only, and of the host's nothing but its programs"),
    layers.network(facts),
    orElse(memory, perProcess.dataBytes, limits.memoryBytes, 'bytes for each process; not for all of them together'),
    layers.limit('cpu', inGroup('cpu') ? facts.cpus : undefined, limits.cpus, 'cores', NO_GROUP),
    orElse(pids, perProcess.processes, limits.pids, 'processes in a user namespace of its own'),
    layers.disk(facts, spec),
  ]);
}

/** Where no control group bounds all processes together, each may still be bounded by itself, which is less. */
function orElse(layer: Layer, bound: number | undefined, asked: number, words: string): Layer {
  if (layer.state !== 'off' || bound === undefined || bound > asked) return layer;
  return { name: layer.name, state: 'degraded', detail: `${bound} ${words}` };
}
