/** What a native sandbox really enforces: what was found in force inside is compared with what was asked for. */
import type { Isolation, KnownLayer } from '../../../protocol/index.ts';
import type { SandboxSpec } from '../../ports.ts';
import { type Facts, layers } from '../../agent/index.ts';

/** Of 10. A sandbox shares the kernel of the host, as a container does, and also its programs. */
export const NATIVE_SCORE = 6;

const NO_GROUP = 'the daemon may not use control groups on this host';

/** `reservedBytes` is what each process may reserve beyond the limit of memory (see `NativeKind`). */
export function nativeIsolation(facts: Facts, spec: SandboxSpec, reservedBytes = 0): Isolation {
  const { limits } = spec;
  const { member, perProcess } = facts;
  const inGroup = (name: string) => member.has(name) || member.has('.');
  const memory = layers.limit('memory', inGroup('memory') ? facts.memoryBytes : undefined, limits.memoryBytes, 'bytes', NO_GROUP);
  const pids = layers.limit('pids', inGroup('pids') ? facts.pids : undefined, limits.pids, 'processes', NO_GROUP);
  return layers.isolationOf(NATIVE_SCORE, [
    layers.user(facts),
    layers.capabilities(facts),
    layers.noNewPrivileges(facts.noNewPrivs === true),
    layers.seccomp(facts),
    layers.verdicts(facts),
    layers.processes(facts),
    layers.filesystem(facts, "read-only, and of the host's nothing but its programs"),
    layers.network(facts),
    orElse(memory, perProcess.dataBytes, limits.memoryBytes + reservedBytes, 'bytes for each process, but no limit for all of them together'),
    layers.limit('cpu', inGroup('cpu') ? facts.cpus : undefined, limits.cpus, 'cores', NO_GROUP),
    orElse(pids, perProcess.processes, limits.pids, 'processes in a user namespace of its own'),
    layers.disk(facts, spec),
  ]);
}

/** Where no control group limits all processes together, a limit of each process is better than nothing, but it is degraded. */
function orElse(layer: KnownLayer, bound: number | undefined, asked: number, words: string): KnownLayer {
  if (layer.state !== 'off' || bound === undefined || bound > asked) return layer;
  return { name: layer.name, state: 'degraded', detail: `${bound} ${words}` };
}
