/**
 * Remembers what was found out about a Deno, because trying one out takes longer than everything else at the start of the
 * daemon. A verdict holds for exactly the file that was tried out, and for the version of this program that did it.
 */
import { stat } from 'node:fs/promises';
import type { Entries } from '../../../state/section.ts';
import type { Verdicts } from './detect.ts';
import type { Known } from './remembered.ts';

/** `ourVersion`: the version of this program. Another version may try out other things. */
export function rememberedVerdicts(memory: Entries<Known>, ourVersion: string): Verdicts {
  const before = new Map<string, string>();
  return {
    async get(binary) {
      const key = await keyOf(binary, ourVersion);
      before.set(binary, key);
      return memory.get(key);
    },
    async keep(binary, known) {
      // If the file was replaced while it was tried out, nothing is known of the new one.
      const key = await keyOf(binary, ourVersion);
      if (before.get(binary) === key) memory.set(key, known);
    },
  };
}

/** Whoever replaces a file can make everything look as before except the time of its last status change (ctime), which only the kernel sets. */
async function keyOf(binary: string, ourVersion: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(binary, { bigint: true });
  return JSON.stringify([ourVersion, binary, ...[dev, ino, size, mtimeNs, ctimeNs].map(String)]);
}
