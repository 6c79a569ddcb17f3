/** In which runtimes the programs of a language can be debugged, as far as that is known without a sandbox. */
import type { LanguageId, RuntimeInfo } from '../protocol/index.ts';
import { engineOf, type Hint } from '../runtime/choice/hints.ts';
import type { DebugLanguage } from './adapter.ts';
import { debuggerOf } from './adapters/table.ts';

/** Whether it is available, and nothing in it rules out that a debugger works. */
export function debugs({ language, engines, worksIn }: DebugLanguage, info: RuntimeInfo): boolean {
  return info.available && info.languages.some(({ id }) => id === language) && (engines?.includes(engineOf(info.id)) ?? true) && (worksIn?.(info) ?? true);
}

/** What a choice of a runtime needs to know of a program that is to be debugged. */
export interface DebugWish {
  /** The ids of the runtimes in which it can be. */
  readonly debuggers: ReadonlySet<string>;
  /** What the program tells of its runtime, or else where it is debugged best. */
  readonly hint: Hint | undefined;
  /** What to do where no runtime debugs it. */
  readonly debugHint: string | undefined;
}

/** `hint`: what the program tells. */
export function debugWish(language: LanguageId | undefined, runtimes: readonly RuntimeInfo[], hint: Hint | undefined): DebugWish {
  const row = language === undefined ? undefined : debuggerOf(language);
  const engines = row?.engines;
  const [best] = engines ?? [];
  const told = hint === undefined || (engines?.includes(hint.engine) ?? true) ? hint : undefined;
  return {
    debuggers: new Set(row === undefined ? [] : runtimes.filter((info) => debugs(row, info)).map(({ id }) => id)),
    hint: told ?? (best === undefined ? undefined : { engine: best, why: 'programs are debugged best there' }),
    debugHint: row?.hint,
  };
}
