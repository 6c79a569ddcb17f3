/** Reads a manifest of the host, and what belongs to it, as if its folder were the workspace of a session. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, posix, sep } from 'node:path';
import { ProtocolError } from '../protocol/index.ts';
import type { Files } from '../runtime/ports.ts';

const WORKSPACE = '/workspace';

/**
 * `manifest`: its absolute path. The manifest itself may be a link. Everything else must lie in its folder: what a link there
 * leads out to is not there. A file larger than what is asked for comes without its content.
 */
export function hostFiles(manifest: string): { readonly path: string; readonly files: Pick<Files, 'read'> } {
  const path = posix.join(WORKSPACE, basename(manifest));
  const read: Files['read'] = async (wanted, _offset, length = Infinity) => {
    const file = await find(manifest, wanted === path ? manifest : join(dirname(manifest), posix.relative(WORKSPACE, wanted)));
    if (!file) throw new ProtocolError('FileNotFound', `there is no file ${wanted}`, { path: wanted });
    return { bytes: file.size > length ? Buffer.alloc(0) : await readFile(file.real), size: file.size };
  };
  return { path, files: { read } };
}

async function find(manifest: string, path: string): Promise<{ readonly real: string; readonly size: number } | undefined> {
  try {
    const [folder, real] = await Promise.all([realpath(dirname(manifest)), realpath(path)]);
    if (path !== manifest && !real.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
    const found = await stat(real);
    return found.isFile() ? { real, size: found.size } : undefined;
  } catch (fault) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes((fault as { code?: string }).code ?? '')) return undefined;
    throw fault;
  }
}
