/**
 * A host folder as /workspace. Deno follows links that are there, in and out, and checks only where they lie:
 * so programs may not use those that lead out, nor move any to where it would.
 */
import { opendir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ProtocolError } from '../../protocol/index.ts';
import { errorCode } from '../machine/faults.ts';

export interface Links {
  /** Those that lead out of the folder, or nowhere. */
  readonly out: readonly string[];
  /** The entries of the folder that are links or hold some. */
  readonly holders: readonly string[];
}

const MAX_ENTRIES = 500_000;
/** What fits a command line. */
const MAX_LIST_BYTES = 100_000;

/** @throws ProtocolError IsolationUnavailable */
export async function findLinks(folder: string, signal: AbortSignal): Promise<Links> {
  const out: string[] = [];
  const holders = new Set<string>();
  const waiting = [folder];
  let seen = 0;
  for (let current = waiting.pop(); current !== undefined; current = waiting.pop()) {
    signal.throwIfAborted();
    const entries = await opendir(current).catch((fault: unknown) => {
      // Others may work in the folder while we look; it must be there itself.
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
