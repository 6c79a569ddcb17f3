/** The part of the doctor's report about languages: what would run each, why the others do not, and what changes that. */
import { type LanguageId, languageIds, type RuntimeInfo } from '../protocol/index.ts';
import type { Catalog } from '../runtime/choice/catalog.ts';
import { lacks } from '../runtime/choice/lacks.ts';
import { choose } from '../runtime/choice/select.ts';
import { columns } from './text.ts';

interface Missing {
  readonly runtime: string;
  readonly reason: string;
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
    const missing = lacks(infos, id).map(({ runtime, reason, addable }) => {
      const install = addable ? installing(id) : undefined;
      return { runtime, reason, ...(install !== undefined && { install }) };
    });
    return { id, runtimes: candidates.filter(({ eligible }) => eligible).map(({ runtime }) => runtime), missing };
  });
}

/** A runtime that is missing altogether, or never runs the language, is not in the last column. */
export function languageTable(reports: readonly LanguageReport[], width: number): string[] {
  const rows = reports.map(({ id, runtimes, missing }) => {
    const more = missing.flatMap(({ runtime, install }) => (install === undefined ? [] : `for ${runtime}: ${install}`));
    return [id, runtimes.join(' ') || '-', more.join('; ')];
  });
  return columns([['LANGUAGE', 'RUNS IN', 'WHAT TO TYPE FOR MORE'], ...rows], width).map((line) => line.trimEnd());
}
