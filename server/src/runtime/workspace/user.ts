/** The user as whom the programs of a sandbox run. */

/** The id of the user and the group `nobody`, to whom no file of any system belongs. */
export const NOBODY = 65_534;

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The owner of the folder that is mounted, so that programs can read and write it; else, and instead of root and root's group, nobody. */
export function sandboxUser(owner: User | undefined): User {
  if (!owner || owner.uid === 0) return { uid: NOBODY, gid: NOBODY };
  return { uid: owner.uid, gid: owner.gid === 0 ? NOBODY : owner.gid };
}
