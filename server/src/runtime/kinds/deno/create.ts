/** Makes a sandbox: its folders, what is shared, what programs may touch. */
import { mkdir, mkdtemp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { type Undo, undoing } from '../../../base/undo.ts';
import { ProtocolError } from '../../../protocol/index.ts';
import { ConfinedFiles } from '../../machine/confined.ts';
import { errorCode, fileError } from '../../machine/faults.ts';
import type { Keeper } from '../../machine/keeper.ts';
import type { Mount } from '../../machine/mounts.ts';
import { Presence } from '../../machine/presence.ts';
import { removeIfThere } from '../../machine/remove.ts';
import type { Walker } from '../../machine/walk.ts';
import type { CreateContext, SandboxSpec, SharedFolder } from '../../ports.ts';
import { checkGrants, type Grants } from './command.ts';
import { denoIsolation, type Circumstances } from './isolation.ts';
import { DenoSandbox } from './sandbox.ts';
import { copyHere } from '../../workspace/copy-here.ts';
import { mountOf } from '../../workspace/folder.ts';
import { findLinks, type Links } from '../../workspace/links.ts';

export interface CreateParts {
  readonly binary: string;
  readonly bootstrap: string;
  readonly version: string;
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly walker: Walker;
  readonly linux: boolean;
  /** Told when its folders are gone. */
  removed(sandbox: DenoSandbox): void;
}

/** @throws ProtocolError IsolationUnavailable, DiskFull, SandboxFailed */
export async function createSandbox(spec: SandboxSpec, context: CreateContext, parts: CreateParts): Promise<DenoSandbox> {
  try {
    return await undoing((undo) => make(spec, context, parts, undo));
  } catch (fault) {
    // What the system says names paths of the host.
    const code = errorCode(fault);
    throw code === '' || fault instanceof ProtocolError ? fault : new ProtocolError('SandboxFailed', `the sandbox could not be made: the host answered ${code}`);
  }
}

async function make(spec: SandboxSpec, context: CreateContext, parts: CreateParts, undo: Undo): Promise<DenoSandbox> {
  const { workspace: shared, limits } = spec;
  const root = await mkdtemp(join(await parts.keeper.folder(), 'sandbox-'));
  undo.add(() => removeIfThere(parts.walker, root));
  const own = { workspace: join(root, 'workspace'), temporary: join(root, 'tmp'), cache: join(root, 'cache') };
  for (const path of Object.values(own)) await mkdir(path);
  const lent = mountOf(shared);
  if (shared && !lent) await copyHere(shared.path, own.workspace, limits.diskBytes, parts.walker, context);
  const workspace = lent?.path ?? own.workspace;
  const circumstances: Circumstances = {
    linux: parts.linux,
    links: lent && (await closeableLinks(lent, parts.linux, context)),
    temporaryWritable: lent?.access !== 'readWrite' || (await onOtherDisks(workspace, own.temporary)),
  };
  const mounts: Mount[] = [
    { virtual: '/workspace', host: workspace, writable: lent?.access !== 'readOnly' },
    { virtual: '/tmp', host: own.temporary, writable: true },
  ];
  const grants = grantsOf(lent, workspace, own.temporary, circumstances);
  checkGrants(grants);
  const presence = await Presence.of(root, [root, workspace, own.temporary]);
  const { binary, bootstrap, version, keeper, clock, walker, removed } = parts;
  const sandbox: DenoSandbox = new DenoSandbox({
    binary, bootstrap, version, keeper, clock, limits, presence, grants,
    cache: own.cache,
    temporary: own.temporary,
    files: new ConfinedFiles(mounts, walker, presence),
    isolation: denoIsolation(circumstances, spec),
    remove: async () => {
      await undo.all();
      removed(sandbox);
    },
  });
  return sandbox;
}

/**
 * Whoever may write a folder may also move it. A shared folder could be moved into /tmp, where no denial reaches it
 * and where it would be removed with the sandbox: so both are only writable when they are on different disks.
 */
function grantsOf(lent: SharedFolder | undefined, workspace: string, temporary: string, { links, temporaryWritable }: Circumstances): Grants {
  return {
    read: [workspace, temporary],
    write: [...(lent?.access === 'readOnly' ? [] : [workspace]), ...(temporaryWritable ? [temporary] : [])],
    denyRead: links?.out ?? [],
    denyWrite: [...(links?.out ?? []), ...(lent?.access === 'readWrite' ? (links?.holders ?? []) : [])],
  };
}

async function onOtherDisks(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([stat(a), stat(b)]);
  return first.dev !== second.dev;
}

async function closeableLinks({ path }: SharedFolder, linux: boolean, { signal, report }: CreateContext): Promise<Links> {
  report('looking for links in the folder');
  const links = await findLinks(path, signal).catch((fault: unknown) => {
    signal.throwIfAborted();
    throw fileError(fault, '/workspace');
  });
  // Where names are compared without case, a denial of one spelling is none of the others.
  if (linux || links.out.length === 0) return links;
  throw new ProtocolError('IsolationUnavailable', 'the folder holds links that lead out of it; share it with access copy, or use the runtime docker', {
    layers: ['filesystem'],
  });
}
