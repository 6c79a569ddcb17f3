/**
 * Finds the links in a folder that is shared with Deno. Deno follows links, and its permissions are about where a link
 * lies and not about where it leads. So programs must not use a link that leads out of the folder, and must not move any
 * link, because a relative one could lead out from its new place.
 */
import { opendir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { errorCode } from '../machine/faults.ts';

export interface Links {
  /** The paths of links that lead out of the folder, or to nothing. */
  readonly out: readonly string[];
  /** The paths of those entries of the folder itself that are links, or have links in them at any depth. */
  readonly holders: readonly string[];
}

const MAX_ENTRIES = 500_000;
/** The paths go into a command line, which has room for so many bytes. */
const MAX_LIST_BYTES = 100_000;

/** `folder` is a real path. @throws ProtocolError IsolationUnavailable where there is too much to look at, or too many links */
export async function findLinks(folder: string, signal: AbortSignal): Promise<Links> {
  const out: string[] = [];
  const holders = new Set<string>();
  const waiting = [folder];
  let seen = 0;
  for (let current = waiting.pop(); current !== undefined; current = waiting.pop()) {
    signal.throwIfAborted();
    const entries = await opendir(current).catch((fault: unknown) => {
      // Others may remove folders meanwhile. Only the shared folder itself must exist.
      if (current === folder || errorCode(fault) !== 'ENOENT') throw fault;
      return [];
    });
    for await (const entry of entries) {
      if (++seen > MAX_ENTRIES) throw refuse(`holds more than ${MAX_ENTRIES} files, too many to look for links`);
      const path = join(current, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      if (!entry.isSymbolicLink()) continue;
      holders.add(join(folder, relative(folder, path).split(sep)[0] ?? ''));
      if (!(await leadsInto(folder, path))) out.push(path);
    }
  }
  if ([...out, ...holders].join().length > MAX_LIST_BYTES) throw refuse('holds too many links that lead out of it');
  return { out, holders: [...holders] };
}

async function leadsInto(folder: string, link: string): Promise<boolean> {
  const target = await realpath(link).catch(() => undefined);
  return target !== undefined && (target === folder || target.startsWith(`${folder}${sep}`));
}

function refuse(why: string): ProtocolError {
  return new ProtocolError('IsolationUnavailable', `the folder ${why}; share it with access copy, or use the runtime docker`, {
    layers: ['filesystem'],
  });
}
