/**
 * Brings a folder of the host into a sandbox, in two steps: `furnish` before the sandbox is made says what is to be
 * mounted at /workspace, and `finish` afterwards checks the mount or copies the folder.
 */
import { abortable } from '../../base/promises.ts';
import type { Receiving } from '../agent/index.ts';
import type { CreateContext, SandboxSpec, SharedFolder } from '../ports.ts';
import { checkMount } from './check-mount.ts';
import { copyFolder } from './copy-in.ts';
import { identify, mountOf } from './folder.ts';
import { sandboxUser, type User } from './user.ts';

export interface Furnishing {
  /** The folder to be mounted at /workspace. undefined: the sandbox gets an empty folder of its own there. */
  readonly mount: SharedFolder | undefined;
  /** The user as whom the programs of the sandbox are to run. */
  readonly user: User;
  /**
   * To be called with the sandbox when it has been made. Checks what was mounted, or copies the folder.
   * @throws ProtocolError SandboxFailed, DiskFull. The caller then closes the sandbox.
   */
  finish(sandbox: Receiving, context: CreateContext): Promise<void>;
}

/** @throws ProtocolError SandboxFailed where the folder is no longer the one that was allowed */
export async function furnish({ workspace, limits, packages }: Pick<SandboxSpec, 'workspace' | 'limits' | 'packages'>): Promise<Furnishing> {
  const mount = mountOf(workspace);
  if (mount) {
    const allowed = await identify(mount.path);
    return { mount, user: sandboxUser(allowed), finish: (sandbox, { signal }) => abortable(signal, checkMount(mount.path, allowed, sandbox)) };
  }
  const finish = async (sandbox: Receiving, { signal, report }: CreateContext): Promise<void> => {
    if (!workspace) return;
    report('copying the folder');
    await abortable(signal, copyFolder(workspace.path, sandbox, limits.diskBytes, signal));
  };
  // What it writes in a folder of the host belongs to the owner of that folder.
  const owner = packages?.kind === 'staging' ? await identify(packages.path) : undefined;
  return { mount, user: sandboxUser(owner), finish };
}
