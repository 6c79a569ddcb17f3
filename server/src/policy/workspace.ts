/**
 * Decides which folders of the host may be shared with a sandbox: those whose real path is at or below a folder that is
 * open in the client, if the client trusts its workspace.
 */
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalidParam, ProtocolError } from '../protocol/index.ts';
import { denied } from './policy.ts';

export interface WorkspaceRequest {
  readonly uri: string;
  readonly access: 'copy' | 'readOnly' | 'readWrite' | 'overlay';
}

export interface WorkspaceRules {
  /** The URIs of the folders that are open in the client. */
  readonly opened: readonly string[];
  readonly trusted: boolean;
  /** Paths that are never shared with a sandbox, whatever is open in the client. */
  readonly hidden: readonly string[];
  /** The real paths of the only folders of which anything may be shared. undefined: what is open in the client is enough. */
  readonly shared?: readonly string[] | undefined;
}

/**
 * @returns the real path of the folder, with all symbolic links resolved
 * @throws ProtocolError NotTrusted, PolicyDenied, FileNotFound, InvalidParams
 */
export async function resolveWorkspace(
  { uri, access }: WorkspaceRequest,
  { opened, trusted, hidden, shared }: WorkspaceRules,
): Promise<{ path: string; access: 'copy' | 'readOnly' | 'readWrite' }> {
  if (access === 'overlay') throw invalidParam('workspace.access', 'this daemon does not support overlay; use copy, readOnly or readWrite');
  if (!trusted) throw new ProtocolError('NotTrusted', 'the workspace is not trusted, so no folder is shared; trust it in the editor, or create the session without a folder');
  if (!(await isShared(uri, shared))) throw refused('share', 'a daemon that listens shares with sandboxes only the folders of its machine that --share names when it is started; send files with command/writeFile');
  const path = await realFolder(uri);
  const roots = await Promise.all(opened.map((folder) => realFolder(folder).catch(() => undefined)));
  if (!roots.some((root) => root !== undefined && isBelow(path, root))) {
    throw refused('workspaceFolders', 'only the workspaceFolders of initialize, and folders inside them, can be shared');
  }
  for (const place of hidden) {
    const real = await realpath(place).catch(() => place);
    if (isBelow(path, real)) throw refused('hidden', 'this folder is never shared, because it belongs to the system or contains keys');
    if (isBelow(real, path)) throw refused('hidden', 'this folder is never shared, because it contains folders that belong to the system or contain keys; share a folder inside it');
  }
  return { path, access };
}

/** Whether the folder is there is told of no other folder than those. */
export async function isShared(uri: string, shared: WorkspaceRules['shared']): Promise<boolean> {
  if (!shared) return true;
  const path = await realFolder(uri).catch(() => undefined);
  return path !== undefined && shared.some((folder) => isBelow(path, folder));
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The real path of the folder that a `file:` URI names. */
export async function realFolder(uri: string): Promise<string> {
  let path: string;
  try {
    path = fileURLToPath(uri);
  } catch {
    throw invalidParam('workspace.uri', 'must be a file: URI of a folder on this machine');
  }
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch {
    // The error below covers this case as well.
  }
  throw new ProtocolError('FileNotFound', 'the workspace folder does not exist', { uri });
}

function refused(rule: string, message: string): ProtocolError {
  return denied('workspace', message, { rule });
}
