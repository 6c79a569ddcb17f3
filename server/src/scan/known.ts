/** The ids of all rules, for those who check what a configuration names. No grammar is read for it. */
import { rulesOf } from './rules/table.ts';

/** The rules of secretlint, which only the thread that scans loads. */
const credentialRules = ['1password', 'anthropic', 'aws', 'basicauth', 'database-connection-string', 'gcp', 'github', 'linear', 'npm', 'openai', 'privatekey', 'sendgrid', 'shopify', 'slack'].map((name) => `credential/${name}`);

export const ruleIds: ReadonlySet<string> = new Set([...Object.values(rulesOf).flatMap(({ rules }) => rules.map(({ id }) => id)), ...credentialRules]);

/** What is wrong with these ids, in words for people. */
export function unknownRules(ids: Iterable<string>): { readonly id: string; readonly message: string }[] {
  return [...ids].filter((id) => !ruleIds.has(id)).map((id) => ({ id, message: `there is no rule ${id}; ${nearest(id)} is the one with the most similar name` }));
}

function nearest(id: string): string {
  const [first] = [...ruleIds].map((known) => ({ known, steps: distance(id, known) })).sort((one, other) => one.steps - other.steps);
  return first?.known ?? '';
}

/** How many characters have to be added, removed or replaced to make one text of the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, character] of [...one].entries()) {
    const next = [at + 1];
    for (const [index, compared] of [...other].entries()) {
      next.push(Math.min((row[index] ?? 0) + (character === compared ? 0 : 1), (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
