/** What a client wants installed: which manager, and which names and files. */
import { posix } from 'node:path';
import { resolvePath } from '../command/paths.ts';
import { invalidParam, type LanguageId, ProtocolError } from '../protocol/index.ts';
import type { Files } from '../runtime/ports.ts';
import type { Manager, ManagerId, Manifest, Wish } from './ports.ts';

export interface Asked {
  readonly manager: ManagerId | undefined;
  readonly names: readonly string[] | undefined;
  readonly manifest: string | undefined;
}

/** A manifest, its lock file, and what they name. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** @throws ProtocolError InvalidParams, LanguageUnsupported */
export function managerFor({ manager, manifest }: Asked, language: LanguageId | undefined, managers: readonly Manager[]): Manager {
  const byId = managers.find(({ id }) => id === manager);
  if (manager !== undefined && byId === undefined) throw invalidParam('manager', `this daemon has no package manager ${manager}`);
  const file = manifest === undefined ? undefined : posix.basename(manifest);
  const byFile = managers.find(({ manifests }) => file !== undefined && manifests.includes(file));
  const byLanguage = managers.find(({ languages }) => language !== undefined && languages.includes(language));
  const found = byId ?? byFile ?? byLanguage;
  if (found) return found;
  if (language !== undefined) throw new ProtocolError('LanguageUnsupported', `there is no package manager for ${language}; name one in manager`, { language });
  throw invalidParam('manager', 'say which package manager is meant, because the session has no language');
}

/**
 * What is asked for, together with `had`, which the session has already.
 * @throws ProtocolError InvalidParams, FileNotFound, and what reading files throws
 */
export async function wishFor({ names, manifest }: Asked, had: Wish | undefined, manager: Manager, files: Pick<Files, 'read'>): Promise<Wish> {
  if (names) manager.checkNames(names);
  const all = [...new Set([...(had?.names ?? []), ...(names ?? [])])].sort();
  const path = manifest === undefined ? undefined : resolvePath(manifest);
  if (path !== undefined) return { names: all, manifest: await manager.gather(path, reading(files)) };
  if (names && names.length > 0) return { names: all, manifest: had?.manifest };
  const found = await findManifest(manager, files);
  if (found) return { names: all, manifest: found };
  throw new ProtocolError('FileNotFound', `there is nothing to install: name packages, or put one of these files into /workspace: ${manager.manifests.join(', ')}`, { path: '/workspace' });
}

async function findManifest(manager: Manager, files: Pick<Files, 'read'>): Promise<Manifest | undefined> {
  const read = reading(files);
  for (const name of manager.manifests) {
    const path = posix.join('/workspace', name);
    if (await read(path)) return manager.gather(path, read);
  }
  return undefined;
}

function reading(files: Pick<Files, 'read'>): (path: string) => Promise<Buffer | undefined> {
  return async (path) => {
    try {
      const { bytes, size } = await files.read(path, 0, MAX_FILE_BYTES);
      if (size > MAX_FILE_BYTES) throw new ProtocolError('FileTooLarge', `${path} is larger than ${MAX_FILE_BYTES} bytes, too large for a manifest`, { path, maxBytes: MAX_FILE_BYTES });
      return bytes;
    } catch (fault) {
      if (fault instanceof ProtocolError && fault.kind === 'FileNotFound') return undefined;
      throw fault;
    }
  };
}
