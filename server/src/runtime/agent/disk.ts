/**
 * How the disk of a sandbox is divided among the places that its programs can write. Each is a tmpfs of its own, so each
 * has a size of its own, and together they have no more than the limit of the session.
 */

const PAGE_BYTES = 4096;

export interface DiskShares {
  /** 0: a folder of the host is there. */
  readonly workspace: number;
  /** Of /tmp, and of each place that shares its part. */
  readonly tmp: number;
  /** /dev/shm, for memory that programs share. */
  readonly shm: number;
}

/** Programs keep their files in the workspace, and compilers what they build in /tmp. `temporary`: how many places share the part of /tmp, which is one of them. */
export function diskShares(diskBytes: number, ownWorkspace: boolean, temporary = 1): DiskShares {
  const part = (eighths: number) => Math.max(PAGE_BYTES, Math.floor((diskBytes * eighths) / 8 / PAGE_BYTES) * PAGE_BYTES);
  return ownWorkspace ? { workspace: part(4), tmp: part(3 / temporary), shm: part(1) } : { workspace: 0, tmp: part(7 / temporary), shm: part(1) };
}
