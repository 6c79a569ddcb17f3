/**
 * Makes a folder, and those above it that are missing. Node's own recursive mkdir never ends where the system calls a
 * folder missing whose parent is there, as it does below /proc.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** It is no error if the folder exists. @throws the system's error */
export function makeFolders(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (fault) {
    const { code } = fault as { code?: string };
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw fault;
    makeFolders(dirname(path), mode);
    mkdirSync(path, { mode });
  }
}
