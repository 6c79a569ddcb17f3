/** Everything that is found in one text: what the rules name, and credentials, in the order of the text. */
import { credentials } from './credentials.ts';
import { type Finding, MAX_FINDINGS, type Text } from './finding.ts';
import type { Syntax } from './syntax.ts';

export async function search(syntax: Syntax, text: Text): Promise<Finding[]> {
  const found = [...(await syntax.findings(text)), ...(await credentials(text))];
  const place = ({ range: { start } }: Finding) => start;
  return found.sort((a, b) => place(a).line - place(b).line || place(a).character - place(b).character).slice(0, MAX_FINDINGS);
}
