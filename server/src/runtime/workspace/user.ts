/** Whom a sandbox runs as. */

/** In no system the owner of anything. */
export const NOBODY = 65_534;

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The owner of the folder that is mounted in it, so that it can read and write it; never root, nor in root's group. */
export function sandboxUser(owner: User | undefined): User {
  if (!owner || owner.uid === 0) return { uid: NOBODY, gid: NOBODY };
  return { uid: owner.uid, gid: owner.gid === 0 ? NOBODY : owner.gid };
}
