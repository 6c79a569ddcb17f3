/** What a sandbox is made from in which a runtime is tried out before it is offered to anybody. */
import type { LanguageId } from '../protocol/index.ts';
import type { SandboxSpec } from './ports.ts';

const MiB = 2 ** 20;

export function trialSpec(name: string, language: LanguageId | undefined): SandboxSpec {
  return {
    name,
    language,
    image: undefined,
    limits: { memoryBytes: 512 * MiB, cpus: 1, pids: 256, diskBytes: 64 * MiB, outputBytes: MiB, timeoutMs: 0, packageBytes: MiB },
    workspace: undefined,
  };
}
