/** What confines a program under Deno alone, and how well. Nothing of it is enforced by the operating system. */
import type { Isolation, KnownLayer } from '../../../protocol/index.ts';
import type { SandboxSpec } from '../../ports.ts';
import type { Links } from '../../workspace/links.ts';
import { SAMPLE_MS } from './use.ts';

/** Of 10. The permissions are enforced by the same process in which the program runs. */
const SCORE = 3;

export interface Circumstances {
  readonly linux: boolean;
  /** The links in the shared folder. undefined: no folder is shared, or it was copied. */
  readonly links: Links | undefined;
  /** Whether programs may write to /tmp. */
  readonly temporaryWritable: boolean;
}

/** Without `spec`: what a sandbox without a shared folder has. */
export function denoIsolation(circumstances: Circumstances, spec?: Pick<SandboxSpec, 'limits' | 'workspace'>): Isolation {
  const layers: KnownLayer[] = [
    { name: 'user', state: 'off', detail: 'programs run as the user of the daemon' },
    { name: 'seccomp', state: 'off', detail: 'system calls are not filtered' },
    { name: 'filesystem', state: 'degraded', detail: filesystem(circumstances, spec) },
    { name: 'network', state: 'degraded', detail: "none, by Deno's own permissions; nothing is imported from the network" },
    { name: 'processes', state: 'degraded', detail: "no other program can be started, by Deno's own permissions" },
    { name: 'environment', state: 'enforced', detail: "none of the daemon's variables" },
    memory(circumstances),
    { name: 'cpu', state: 'off', detail: 'no limit' },
    { name: 'pids', state: 'degraded', detail: 'one process; its threads are not counted' },
    { name: 'disk', state: 'degraded', detail: `${spec ? `no file larger than ${spec.limits.diskBytes} bytes` : 'a limit for each file'}; none for all of them` },
  ];
  return { score: SCORE, layers };
}

function filesystem({ links, temporaryWritable }: Circumstances, spec?: Pick<SandboxSpec, 'workspace'>): string {
  const parts = ["/workspace and /tmp, by Deno's own permissions"];
  if (spec?.workspace?.access === 'readOnly') parts.push('/workspace is read-only');
  if (!temporaryWritable) parts.push('/tmp is read-only');
  if (links && links.out.length > 0) parts.push(`${links.out.length} links that lead out of the folder can't be used`);
  if (links && links.holders.length > 0 && spec?.workspace?.access === 'readWrite') {
    parts.push(`${links.holders.length} of its entries can't be written, because links are in them`);
  }
  if (links) parts.push('a link made later from outside would be followed');
  return parts.join('; ');
}

function memory({ linux }: Circumstances): KnownLayer {
  const cap = "V8's heap is limited";
  return { name: 'memory', state: 'degraded', detail: linux ? `${cap}, and all memory is checked every ${SAMPLE_MS} ms` : `${cap}, but other memory has no limit` };
}
