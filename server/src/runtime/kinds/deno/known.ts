/**
 * Trying out a Deno takes longer than everything else at the start, so what was found out is remembered: for this very
 * file, as the system tells files apart, and this version of ours. Any other file is tried out.
 */
import { stat } from 'node:fs/promises';
import type { Entries } from '../../../state/section.ts';
import type { Verdicts } from './detect.ts';
import type { Known } from './remembered.ts';

/** `ourVersion` stands for what is tried: another one tries something else. */
export function rememberedVerdicts(memory: Entries<Known>, ourVersion: string): Verdicts {
  const before = new Map<string, string>();
  return {
    async get(binary) {
      const key = await keyOf(binary, ourVersion);
      before.set(binary, key);
      return memory.get(key);
    },
    async keep(binary, known) {
      // A file that was replaced while it was tried out has no verdict.
      const key = await keyOf(binary, ourVersion);
      if (before.get(binary) === key) memory.set(key, known);
    },
  };
}

/** The time of its last change of any kind can't be set by whoever replaces it; the rest is for good measure. */
async function keyOf(binary: string, ourVersion: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(binary, { bigint: true });
  return JSON.stringify([ourVersion, binary, ...[dev, ino, size, mtimeNs, ctimeNs].map(String)]);
}
