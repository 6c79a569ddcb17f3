/** Which host folders may be given to a sandbox: real paths below the folders the client opened, when it trusts them. */
import { realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProtocolError } from '../protocol/index.ts';

export interface WorkspaceAsk {
  readonly uri: string;
  readonly access: 'copy' | 'readOnly' | 'readWrite' | 'overlay';
}

/** What must never be seen from inside, whatever a client opened: engine sockets live there, and processes. */
const forbidden = ['/', '/proc', '/sys', '/dev', '/run', '/var/run', '/etc', '/boot', '/var/lib/docker'];

/**
 * @returns the folder's real path, links resolved.
 * @throws ProtocolError NotTrusted, PolicyDenied, FileNotFound, InvalidParams
 */
export async function resolveWorkspace(
  ask: WorkspaceAsk,
  opened: readonly string[],
  trusted: boolean,
): Promise<{ path: string; access: 'copy' | 'readOnly' | 'readWrite' }> {
  if (ask.access === 'overlay') throw invalid('workspace.access', 'overlay is not served; use copy, readOnly or readWrite');
  if (!trusted) throw new ProtocolError('NotTrusted', 'the workspace is not trusted: no folder is shared with a sandbox');
  const path = await realFolder(ask.uri);
  const roots = await Promise.all(opened.map((uri) => realFolder(uri).catch(() => undefined)));
  if (!roots.some((root) => root !== undefined && isBelow(path, root))) {
    throw new ProtocolError('PolicyDenied', 'only folders below the workspace folders named at initialize can be shared', {
      policy: 'workspace',
      rule: 'workspaceFolders',
    });
  }
  if (forbidden.some((place) => path === place || (place !== '/' && isBelow(path, place)))) {
    throw new ProtocolError('PolicyDenied', 'this folder belongs to the system and is never shared', { policy: 'workspace', rule: 'system folder' });
  }
  return { path, access: ask.access };
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
    throw invalid('workspace.uri', 'must be a file: URI of a folder on this machine');
  }
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch {
    // Told below, together with what is no folder.
  }
  throw new ProtocolError('FileNotFound', 'the workspace folder does not exist', { uri });
}

function invalid(path: string, message: string): ProtocolError {
  return new ProtocolError('InvalidParams', `${path}: ${message}`, { issues: [{ path, message }] });
}
