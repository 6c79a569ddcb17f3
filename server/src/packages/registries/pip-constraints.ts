/** Reads the constraints with which pip is set up on this machine, so that they hold in a sandbox, too. */
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProtocolError } from '../../protocol/index.ts';
import { pipFault } from '../managers/pip-names.ts';
import { linesOf, textOf } from '../managers/pip-requirements.ts';
import type { Machine } from './registry.ts';

const MAX_FILES = 64;

/**
 * Which of the places that pip is given as `constraint` are files of this machine, as absolute paths, and which are not: an
 * address, or a path from the folder in which somebody runs pip, which would be in a project.
 */
export function constraintFiles(places: readonly string[]): { readonly files: readonly string[]; readonly others: boolean } {
  const paths = places.map((place) => (/^file:\/\/\//.test(place) ? pathOf(place) : place));
  const files = paths.filter((path): path is string => path !== undefined && posix.isAbsolute(path));
  return { files, others: files.length < places.length };
}

/**
 * All of them, and of the files that they name, as one file. undefined: there are none. What is not understood is refused,
 * because something that must not be installed would be installed otherwise.
 * @throws ProtocolError PackageInstallFailed, without a path of this machine
 */
export async function readConstraints(files: readonly string[], read: Machine['read']): Promise<string | undefined> {
  if (files.length === 0) return undefined;
  const [known, toRead, lines] = [new Set(files), [...files], [] as string[]];
  for (let file = toRead.shift(); file !== undefined; file = toRead.shift()) {
    const text = await read(file);
    if (text === undefined) throw refused(`${posix.basename(file)} can't be read`);
    for (const { text: line, number } of linesOf(textOf(Buffer.from(text)))) {
      const other = /^(?:-[rc]\s*|--(?:requirement|constraint)[=\s]\s*)(.*)$/.exec(line)?.[1];
      if (other === undefined) {
        const fault = line.startsWith('-') ? 'is an option' : pipFault(line.replaceAll(/\s--hash[= ]\s*\w+:[0-9a-fA-F]+/g, '').trim());
        if (fault !== undefined) throw refused(`line ${number} of ${posix.basename(file)} ${fault}`);
        lines.push(line);
        continue;
      }
      const path = posix.resolve(posix.dirname(file), other.replace(/^(["'])(.*)\1$/, '$2'));
      if (known.has(path)) continue;
      if (known.size === MAX_FILES) throw refused(`they are in more than ${MAX_FILES} files`);
      known.add(path);
      toRead.push(path);
    }
  }
  return `${lines.join('\n')}\n`;
}

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

function refused(why: string): ProtocolError {
  return new ProtocolError('PackageInstallFailed', `pip is set up with constraints on this machine, which can't be kept in a sandbox: ${why}. Correct them, or set PIP_CONSTRAINT for the daemon to a file that a sandbox can use.`);
}
