/** Days, from midnight to midnight by the clock of this machine. */

/** The day of a moment, as `YYYY-MM-DD`. */
export function dayOf(now: number): string {
  const date = new Date(now);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => `${part}`.padStart(2, '0')).join('-');
}

export interface Day {
  readonly name: string;
  /** The moments at which it begins, and at which the next one begins. A day on which the clock is changed is shorter or longer than others. */
  readonly from: number;
  readonly until: number;
}

export function dayAt(now: number): Day {
  const date = new Date(now);
  const midnight = (days: number) => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
  return { name: dayOf(now), from: midnight(0), until: midnight(1) };
}

/** The day that is so many days before the one of `now`. */
export function daysBefore(now: number, days: number): string {
  const date = new Date(now);
  return dayOf(new Date(date.getFullYear(), date.getMonth(), date.getDate() - days, 12).getTime());
}
