/** Which host folder a path inside the sandbox belongs to. */
import { ProtocolError } from '../../protocol/index.ts';

export interface Mount {
  /** Absolute inside the sandbox, one component: /workspace. */
  readonly virtual: string;
  /** The real path of a host folder. */
  readonly host: string;
  readonly writable: boolean;
}

export interface Place {
  readonly mount: Mount;
  /** Components below the mount; none for the mount itself. */
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

/** The host's path, by words alone: for telling others, never for opening. */
export function hostPath({ mount, names }: Place): string {
  return [mount.host, ...names].join('/');
}
