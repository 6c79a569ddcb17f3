/** Says why an engine can't make sandboxes of a kind. */
import { hasAgent } from '../../agent/index.ts';
import type { EngineInfo } from './engine.ts';
import type { ContainerKind } from './kinds.ts';

/** undefined: it can. */
export function unfit(info: EngineInfo, { find, missing }: ContainerKind): { readonly reason: string; readonly hint: string } | undefined {
  const { os, podman, architecture } = info;
  if (os !== 'linux') return { reason: `the engine runs ${os} containers`, hint: 'switch it to Linux containers' };
  if (podman) return { reason: 'this is Podman, whose API lacks options that a sandbox is made with', hint: 'use Docker, or one of the other runtimes' };
  if (!hasAgent(architecture)) return { reason: `there is no agent for the engine's processor architecture ${architecture}`, hint: 'use another engine' };
  return find(info) === undefined ? missing : undefined;
}
