/** What was typed on the command line, before it is understood: the values of options, and how one of a few words is read. */
import { type LanguageId, languageIds } from '../protocol/index.ts';
import { UsageError } from './quantities.ts';
import type { OptionName, options } from './table.ts';

type ValueOf<Row> = Row extends { readonly many: true } ? string[] : Row extends { readonly value: string } ? string : true;
export type Values = { [Name in OptionName]?: ValueOf<(typeof options)[Name]> };

export function optional<T>(given: string | undefined, read: (given: string) => T): T | undefined {
  return given === undefined ? undefined : read(given);
}

/** `what` begins the message for a word that is none of them. @throws UsageError */
export function oneOf<T extends string>(all: readonly T[], given: string | undefined, what: string): T {
  const found = all.find((each) => each === given);
  if (!found) throw new UsageError(`${what}: one of ${all.join(', ')}`);
  return found;
}

/** @throws UsageError */
export function languageNamed(language: string | undefined): LanguageId | undefined {
  return optional(language, (given) => oneOf(languageIds, given, '--language'));
}
