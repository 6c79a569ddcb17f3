/** Which entries a question is about, and their order. */
import type { HistoryEntry, HistoryListParams } from '../protocol/index.ts';

export type Wanted = Omit<HistoryListParams, 'limit' | 'before'>;

export function isWanted({ sessionId, since, until, outcome, language, runtime }: Wanted): (entry: HistoryEntry) => boolean {
  const from = since === undefined ? -Infinity : Date.parse(since);
  const to = until === undefined ? Infinity : Date.parse(until);
  return (entry) => {
    const at = Date.parse(entry.at);
    return at >= from && at < to
      && (sessionId === undefined || entry.sessionId === sessionId)
      && (outcome === undefined || entry.outcome === outcome)
      && (language === undefined || entry.language === language)
      && (runtime === undefined || entry.runtime === runtime);
  };
}

/** Of entries that ended at the same time, the one that was written last comes first. */
export function newestFirst(entries: readonly HistoryEntry[]): HistoryEntry[] {
  return [...entries].reverse().sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
}
