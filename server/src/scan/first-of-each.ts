/** Chooses the findings that are told of a text that has too many: the first of each rule, then the second of each, and so on. */
import { MAX_FINDINGS } from './finding.ts';

/** So nobody can hide a finding of one rule behind many of another. There are fewer rules for a text than findings that are told. */
export function firstOfEach<F>(found: readonly F[], ruleOf: (each: F) => string): F[] {
  const counts = new Map<string, number>();
  const ranked = found.map((each) => {
    const rank = counts.get(ruleOf(each)) ?? 0;
    counts.set(ruleOf(each), rank + 1);
    return { each, rank };
  });
  return ranked.sort((one, other) => one.rank - other.rank).slice(0, MAX_FINDINGS).map(({ each }) => each);
}
