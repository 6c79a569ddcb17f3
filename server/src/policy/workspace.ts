/** Which host folders may be given to a sandbox: real paths below the folders the client opened, when it trusts them. */
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalidParam, ProtocolError } from '../protocol/index.ts';

export interface WorkspaceAsk {
  readonly uri: string;
  readonly access: 'copy' | 'readOnly' | 'readWrite' | 'overlay';
}

export interface WorkspaceRules {
  /** URIs of the folders the client has open. */
  readonly opened: readonly string[];
  readonly trusted: boolean;
  /** Paths that no sandbox ever sees, whatever the client opened. */
  readonly hidden: readonly string[];
}

/**
 * @returns the folder's real path, links resolved.
 * @throws ProtocolError NotTrusted, PolicyDenied, FileNotFound, InvalidParams
 */
export async function resolveWorkspace(
  { uri, access }: WorkspaceAsk,
  { opened, trusted, hidden }: WorkspaceRules,
): Promise<{ path: string; access: 'copy' | 'readOnly' | 'readWrite' }> {
  if (access === 'overlay') throw invalidParam('workspace.access', 'overlay is not served; use copy, readOnly or readWrite');
  if (!trusted) throw new ProtocolError('NotTrusted', 'the workspace is not trusted: no folder is shared with a sandbox');
  const path = await realFolder(uri);
  const roots = await Promise.all(opened.map((folder) => realFolder(folder).catch(() => undefined)));
  if (!roots.some((root) => root !== undefined && isBelow(path, root))) {
    throw denied('workspaceFolders', 'only folders below the workspace folders named at initialize can be shared');
  }
  for (const place of hidden) {
    const real = await realpath(place).catch(() => place);
    if (isBelow(path, real)) throw denied('hidden', 'this folder belongs to the system, or holds keys, and is never shared');
    if (isBelow(real, path)) throw denied('hidden', 'this folder is never shared, because folders of the system or with keys are below it: share one inside it');
  }
  return { path, access };
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The real path of a `file:` URI's folder. */
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
    // Told below, together with what is no folder.
  }
  throw new ProtocolError('FileNotFound', 'the workspace folder does not exist', { uri });
}

function denied(rule: string, message: string): ProtocolError {
  return new ProtocolError('PolicyDenied', message, { policy: 'workspace', rule });
}
