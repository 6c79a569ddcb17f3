/** Where on this machine a text is found. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The processes of this machine that have the text in their environment or command line, as far as they can be read. */
export function processesWith(text: string): { command: string; where: string }[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    const read = (name: string) => {
      try {
        return readFileSync(`/proc/${pid}/${name}`, 'latin1').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    };
    const command = read('cmdline');
    return [...(command.includes(text) ? [{ command, where: 'command line' }] : []), ...(read('environ').includes(text) ? [{ command, where: 'environment' }] : [])];
  });
}

/** The files below a folder that have the text, as far as they are files that can be read. */
export function filesWith(text: string, folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).filter((path) => readFileSync(path).includes(text));
}
