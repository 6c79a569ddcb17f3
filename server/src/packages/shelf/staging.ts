/** The folders in which environments are made before they are put onto the shelf. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { undoing } from '../../base/undo.ts';
import { removeIfThere } from '../../runtime/machine/remove.ts';
import type { Walker } from '../../runtime/machine/walk.ts';

/** The folder of an environment for what is needed only while it is made. */
export const SCRATCH = '.scratch';
/** Programs of the sandbox are `nobody` where the daemon is root. */
const NOBODY = 65_534;

export interface Staging {
  /** The name of the environment to be. */
  readonly name: string;
  /** Its folder on this machine. */
  readonly path: string;
  /** Removes it. */
  discard(): Promise<void>;
}

/** `own`: the daemon's folder for them. `uid`: the user of the daemon. @throws the system's fault; then nothing is left */
export async function makeStaging(own: string, walker: Walker, uid: number): Promise<Staging> {
  const name = randomBytes(16).toString('hex');
  const path = join(own, name);
  const discard = () => removeIfThere(walker, path);
  return undoing(async (undo) => {
    await mkdir(path, { mode: 0o755 });
    undo.add(discard);
    await chmod(path, 0o755);
    await mkdir(join(path, SCRATCH));
    if (uid === 0) for (const folder of [path, join(path, SCRATCH)]) await chown(folder, NOBODY, NOBODY);
    return { name, path, discard };
  });
}
