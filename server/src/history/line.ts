/** How an entry stands in a file: as JSON on one line, with the number of the form in which it is written. */
import * as z from 'zod/mini';
import { HistoryEntry } from '../protocol/index.ts';

/** The form that is written now. Another one is needed when an older CodeBeaker could not read the new one. */
export const FORM = 1;

type Line = Readonly<Record<string, unknown>>;

/** For each form that is older than `FORM`: what makes a line of the next one of it. */
export type Migrations = Readonly<Record<number, (line: Line) => Line>>;
const migrations: Migrations = {};

const Form = z.object({ v: z.int().check(z.positive()) });

export function lineOf(entry: HistoryEntry): Line {
  return { v: FORM, ...entry };
}

/** undefined: the line is damaged, or it has a form that is not known here. Fields that are not known are left out. */
export function entryOf(line: unknown, steps = migrations, form = FORM): HistoryEntry | undefined {
  const { success, data } = z.safeParse(Form, line);
  if (!success || data.v > form) return undefined;
  let migrated: unknown = line;
  for (let at = data.v; at < form; at++) migrated = steps[at]?.(migrated as Line);
  return z.safeParse(HistoryEntry, migrated).data;
}
