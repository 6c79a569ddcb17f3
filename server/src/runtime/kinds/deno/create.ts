/** Makes a sandbox of Deno alone: its folders, the shared folder, and what programs may use. */
import { mkdir, mkdtemp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { type Undo, undoing } from '../../../base/undo.ts';
import { ProtocolError } from '../../../protocol/index.ts';
import { ConfinedFiles } from '../../machine/confined.ts';
import { errorCode, fileError } from '../../machine/faults.ts';
import { weakened, weaknessesOf } from '../../holes/find.ts';
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
  readonly typescript: string;
  readonly version: string;
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly walker: Walker;
  readonly linux: boolean;
  /** Called when the sandbox has been removed. */
  removed(sandbox: DenoSandbox): void;
}

/** If it rejects, nothing of the sandbox is left. @throws ProtocolError IsolationUnavailable, DiskFull, SandboxFailed */
export async function createSandbox(spec: SandboxSpec, context: CreateContext, parts: CreateParts): Promise<DenoSandbox> {
  try {
    return await undoing((undo) => make(spec, context, parts, undo));
  } catch (fault) {
    // The messages of system errors have paths of the host in them.
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
    links: lent && (await deniableLinks(lent, parts.linux, context)),
    temporaryWritable: lent?.access !== 'readWrite' || (await onDifferentFileSystems(workspace, own.temporary)),
  };
  const mounts: Mount[] = [
    { virtual: '/workspace', host: workspace, writable: lent?.access !== 'readOnly' },
    { virtual: '/tmp', host: own.temporary, writable: true },
  ];
  const grants = grantsOf(lent, workspace, own.temporary, circumstances);
  checkGrants(grants);
  const presence = await Presence.of(root, [root, workspace, own.temporary]);
  const { binary, bootstrap, typescript, version, keeper, clock, walker, linux, removed } = parts;
  const sandbox: DenoSandbox = new DenoSandbox({
    binary, bootstrap, typescript, version, keeper, clock, linux, limits, presence, grants,
    cache: own.cache,
    temporary: own.temporary,
    files: new ConfinedFiles(mounts, walker, presence),
    isolation: weakened(denoIsolation(circumstances, spec), weaknessesOf('deno', version)),
    remove: async () => {
      await undo.all();
      removed(sandbox);
    },
  });
  return sandbox;
}

/**
 * A program that may write to two folders can move things from one to the other. It could move parts of a shared folder
 * into /tmp, where the denials for links do not hold, and where they would be removed with the sandbox. So where the
 * shared folder can be written, /tmp can be only if it is on another file system: between two of them nothing is moved.
 */
function grantsOf(lent: SharedFolder | undefined, workspace: string, temporary: string, { links, temporaryWritable }: Circumstances): Grants {
  return {
    read: [workspace, temporary],
    write: [...(lent?.access === 'readOnly' ? [] : [workspace]), ...(temporaryWritable ? [temporary] : [])],
    denyRead: links?.out ?? [],
    denyWrite: [...(links?.out ?? []), ...(lent?.access === 'readWrite' ? (links?.holders ?? []) : [])],
  };
}

async function onDifferentFileSystems(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([stat(a), stat(b)]);
  return first.dev !== second.dev;
}

/** The links in the shared folder. @throws ProtocolError IsolationUnavailable where they can't be denied to programs */
async function deniableLinks({ path }: SharedFolder, linux: boolean, { signal, report }: CreateContext): Promise<Links> {
  report('looking for links in the folder');
  const links = await findLinks(path, signal).catch((fault: unknown) => {
    signal.throwIfAborted();
    throw fileError(fault, '/workspace');
  });
  // On other systems names may be compared without case, and a denial of a path would not hold for its other spellings.
  if (linux || links.out.length === 0) return links;
  throw new ProtocolError('IsolationUnavailable', 'the folder has links in it that lead out of it; share it with access copy, or use the runtime docker', {
    layers: ['filesystem'],
  });
}
