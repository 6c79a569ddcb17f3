/** Days in UTC, by which files are named. */

export const DAY_MS = 24 * 3_600_000;

/** The day of a moment, such as 2026-01-31. */
export function utcDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
