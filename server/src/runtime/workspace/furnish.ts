/**
 * How a folder of the host comes into a sandbox. What is to be at /workspace is settled before the sandbox is made, and
 * finished when it is there.
 */
import { abortable } from '../../base/promises.ts';
import type { CreateContext, Sandbox, SandboxSpec, SharedFolder } from '../ports.ts';
import { checkMount } from './check-mount.ts';
import { copyFolder } from './copy-in.ts';
import { identify, mountOf } from './folder.ts';
import { sandboxUser, type User } from './user.ts';

export interface Furnishing {
  /** What is to be mounted at /workspace. undefined: an empty folder of the sandbox's own is there. */
  readonly mount: SharedFolder | undefined;
  /** Whom the sandbox is to run as. */
  readonly user: User;
  /**
   * For the sandbox that was made so: what was mounted is looked at, or what is to be copied is copied.
   * @throws ProtocolError SandboxFailed, DiskFull: the sandbox is of no use then, and its maker removes it
   */
  finish(sandbox: Sandbox, context: CreateContext): Promise<void>;
}

/** @throws ProtocolError SandboxFailed where the folder is not what was allowed any more */
export async function furnish({ workspace, limits }: Pick<SandboxSpec, 'workspace' | 'limits'>): Promise<Furnishing> {
  const mount = mountOf(workspace);
  if (mount) {
    const allowed = await identify(mount.path);
    return { mount, user: sandboxUser(allowed), finish: (sandbox, { signal }) => abortable(signal, checkMount(mount.path, allowed, sandbox)) };
  }
  const finish = async (sandbox: Sandbox, { signal, report }: CreateContext): Promise<void> => {
    if (!workspace) return;
    report('copying the folder');
    await abortable(signal, copyFolder(workspace.path, sandbox, limits.diskBytes, signal));
  };
  return { mount, user: sandboxUser(undefined), finish };
}
