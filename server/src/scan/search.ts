/** Everything that is found in one text: what the rules name, and credentials, in the order of the text. */
import { credentials } from './credentials.ts';
import type { Finding, Text } from './finding.ts';
import { firstOfEach } from './first-of-each.ts';
import type { Syntax } from './syntax.ts';

export async function search(syntax: Syntax, text: Text): Promise<Finding[]> {
  const found = [...(await syntax.findings(text)), ...(await credentials(text))].sort(byPlace);
  return firstOfEach(found, ({ rule }) => rule).sort(byPlace);
}

function byPlace({ range: { start: a } }: Finding, { range: { start: b } }: Finding): number {
  return a.line - b.line || a.character - b.character;
}
