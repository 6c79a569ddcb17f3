/** What holds a program under Deno, and how well. Nothing here is a boundary of the operating system. */
import type { Isolation, Layer } from '../../../protocol/index.ts';
import type { SandboxSpec } from '../../ports.ts';
import type { Links } from '../../workspace/links.ts';
import { SAMPLE_MS } from './memory.ts';

/** Permissions of a language's runtime, tested by use, in the process of the program itself. */
const SCORE = 3;

export interface Circumstances {
  readonly linux: boolean;
  /** Of a folder that is shared, not copied. */
  readonly links: Links | undefined;
  readonly temporaryWritable: boolean;
}

export function denoIsolation(circumstances: Circumstances, spec?: Pick<SandboxSpec, 'limits' | 'workspace'>): Isolation {
  const layers: Layer[] = [
    { name: 'user', state: 'off', detail: 'programs run as the user of the daemon' },
    { name: 'seccomp', state: 'off', detail: 'system calls are not filtered' },
    { name: 'filesystem', state: 'degraded', detail: filesystem(circumstances, spec) },
    { name: 'network', state: 'degraded', detail: "none, by Deno's own permissions; nothing is imported from elsewhere" },
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
  if (spec?.workspace?.access === 'readOnly') parts.push('/workspace for reading only');
  if (!temporaryWritable) parts.push('/tmp for reading only');
  if (links && links.out.length > 0) parts.push(`${links.out.length} links that lead out of the folder are closed`);
  if (links && links.holders.length > 0 && spec?.workspace?.access === 'readWrite') {
    parts.push(`${links.holders.length} of its entries hold links and can't be written`);
  }
  if (links) parts.push('a link made later from outside would be followed');
  return parts.join('; ');
}

function memory({ linux }: Circumstances): Layer {
  const cap = "V8's heap is capped";
  return { name: 'memory', state: 'degraded', detail: linux ? `${cap}, and all memory looked at every ${SAMPLE_MS} ms` : `${cap}, other memory is not` };
}
