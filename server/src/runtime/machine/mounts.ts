/** Finds the folder of the host to which a path inside the sandbox belongs. */
import { ProtocolError } from '../../protocol/index.ts';

export interface Mount {
  /** Where it is inside the sandbox: an absolute path of one component, such as /workspace. */
  readonly virtual: string;
  /** The real path (no links in it) of the folder on the host. */
  readonly host: string;
  readonly writable: boolean;
}

export interface Place {
  readonly mount: Mount;
  /** The components of the path below the mount; empty for the mount itself. */
  readonly names: readonly string[];
}

/** @throws ProtocolError InvalidPath */
export function locate(mounts: readonly Mount[], path: string): Place {
  const [empty, first, ...names] = path.split('/');
  const mount = empty === '' && mounts.find(({ virtual }) => virtual === `/${first}`);
  if (!mount || names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'))) {
    const known = mounts.map(({ virtual }) => virtual).join(' or ');
    throw new ProtocolError('InvalidPath', `the path ${JSON.stringify(path)} is not a clean path below ${known}`, { path });
  }
  return { mount, names };
}

/** The path on the host, put together without looking at the file system. It is to be passed on, never to be opened: a link may be on the way. */
export function hostPath({ mount, names }: Place): string {
  return [mount.host, ...names].join('/');
}
