/** The part of the doctor's report about languages: what would run each, why the others do not, and what changes that. */
import { type LanguageId, languageIds, type RuntimeInfo } from '../protocol/index.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import { type Lack, lacks } from '../runtime/choice/lacks.ts';
import { choose } from '../runtime/choice/select.ts';
import { columns } from './text.ts';

interface Missing extends Lack {
  /** What to type to have the runtime run the language. */
  readonly install?: string;
}

export interface LanguageReport {
  readonly id: LanguageId;
  /** The runtimes that can run it, the one that would be chosen first. */
  readonly runtimes: readonly string[];
  readonly missing: readonly Missing[];
}

export type Installing = (language: LanguageId) => string | undefined;

export function languageReports({ choosable }: Pick<Catalog, 'choosable'>, infos: readonly RuntimeInfo[], installing: Installing): LanguageReport[] {
  return languageIds.map((id) => {
    const { candidates } = choose(choosable, { language: id, preference: 'balanced', required: {}, image: undefined });
    const missing = lacks(infos, id).map((lack) => {
      const install = lack.needs === 'tools' ? installing(id) : undefined;
      return { ...lack, ...(install !== undefined && { install }) };
    });
    return { id, runtimes: candidates.filter(({ eligible }) => eligible).map(({ runtime }) => runtime), missing };
  });
}

/** Why a runtime is missing altogether stands below the table; the row of a language that nothing runs names those that would run it. */
export function languageTable(reports: readonly LanguageReport[], width: number): string[] {
  const rows = reports.map(({ id, runtimes, missing }) => {
    const more = missing.flatMap(({ runtime, install }) => (install === undefined ? [] : `for ${runtime}: ${install}`));
    const absent = missing.filter(({ needs }) => needs === 'runtime').map(({ runtime }) => runtime);
    const below = runtimes.length === 0 && absent.length > 0 ? [`see ${absent.join(', ')} below`] : [];
    return [id, runtimes.join(' ') || '-', (more.length > 0 ? more : below).join('; ')];
  });
  return columns([['LANGUAGE', 'RUNS IN', 'WHAT TO TYPE FOR MORE'], ...rows], width).map((line) => line.trimEnd());
}
