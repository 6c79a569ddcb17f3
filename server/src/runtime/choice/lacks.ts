/** Why each runtime cannot run a language here, the nearest to it first, and what would change that. */
import type { LanguageId, RuntimeInfo } from '../../protocol/index.ts';
import { toolNames } from '../languages.ts';

export interface Lack {
  readonly runtime: string;
  /** For people. */
  readonly reason: string;
  /** What would change that: the tools of the language, the runtime itself, or nothing. */
  readonly needs: 'tools' | 'runtime' | 'nothing';
}

const distances: readonly Lack['needs'][] = ['tools', 'runtime', 'nothing'];

/** One entry for each runtime that cannot run the language; of any language if it is undefined. */
export function lacks(infos: readonly RuntimeInfo[], language: LanguageId | undefined): Lack[] {
  const found = infos.flatMap((info) => lack(info, language) ?? []);
  return found.sort((a, b) => distances.indexOf(a.needs) - distances.indexOf(b.needs));
}

/** Runtimes with the same reason share a part of the sentence. */
export function inWords(all: readonly Lack[]): string {
  const ids = new Map<string, string[]>();
  for (const { runtime, reason } of all) ids.set(reason, [...(ids.get(reason) ?? []), runtime]);
  return [...ids].map(([reason, runtimes]) => `${runtimes.join(', ')}: ${reason}`).join('; ');
}

function lack({ id, available, reason = 'it is not available', languages }: RuntimeInfo, language: LanguageId | undefined): Lack | undefined {
  const speaks = (wanted: LanguageId) => languages.some((each) => each.id === wanted);
  if (language === undefined || speaks(language)) return available ? undefined : { runtime: id, reason, needs: 'runtime' };
  // A runtime that has a shell has the programs of this machine, to which others can be added.
  if (available && speaks('shellscript')) {
    return { runtime: id, reason: `it needs ${toolNames(language).join(', or ')} on the PATH of this machine`, needs: 'tools' };
  }
  return { runtime: id, reason: `it runs only ${languages.map((each) => each.id).join(', ') || 'other languages'}`, needs: 'nothing' };
}
