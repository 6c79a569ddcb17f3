/** Finds credentials in a text with secretlint. What is told of one never contains it. */
import { lintSource } from '@secretlint/core';
import { rules } from '@secretlint/secretlint-rule-preset-recommend';
import type { Finding, Text } from './finding.ts';
import { firstOfEach } from './first-of-each.ts';

const PREFIX = '@secretlint/secretlint-rule-';
/** The rule by which comments in a text turn the others off. Whoever wrote the text does not decide that. */
const COMMENTS = `${PREFIX}filter-comments`;
/** A password in an address is often one of a test's. */
const MILD: ReadonlySet<string> = new Set(['credential/basicauth']);

const config = { rules: rules.filter(({ meta }) => meta.id !== COMMENTS).map((rule) => ({ id: rule.meta.id, rule })) };

const nameOf = (ruleId: string) => `credential/${ruleId.replace(PREFIX, '')}`;

/** The ids of the rules that find credentials. */
export const credentialRules = (): string[] => config.rules.map(({ id }) => nameOf(id));

export async function credentials({ code }: Pick<Text, 'code'>): Promise<Finding[]> {
  const source = { content: code, filePath: 'code', ext: '', contentType: 'text' as const };
  const { messages } = await lintSource({ source, options: { config, noPhysicFilePath: true } });
  return firstOfEach(messages, ({ ruleId }) => ruleId).map(({ ruleId, messageId, range, data, docsUrl }) => {
    const rule = nameOf(ruleId);
    const [start, end] = placeOf(code, range, data);
    return {
      rule, category: 'credential', severity: MILD.has(rule) ? 'warning' : 'error',
      message: `A credential stands in the code (${inWords(messageId)}). Give it to the program as a secret of its session, and replace it where it was issued if the code has been shared.`,
      url: docsUrl,
      range: { start: positionAt(code, start), end: positionAt(code, end) },
    };
  });
}

/** Some rules name a place before the credential that they have found. */
function placeOf(code: string, [start, end]: readonly [number, number], data: unknown): [number, number] {
  const values = Object.values((data ?? {}) as Record<string, unknown>).filter((value): value is string => typeof value === 'string' && value.length >= end - start);
  const [at] = values.map((value) => [code.indexOf(value, start), value.length] as const).filter(([index]) => index >= 0 && index <= end);
  return at ? [at[0], at[0] + at[1]] : [start, end];
}

function positionAt(code: string, index: number): { line: number; character: number } {
  const before = code.slice(0, index);
  return { line: before.split('\n').length - 1, character: index - (before.lastIndexOf('\n') + 1) };
}

/** `AWSSecretAccessKey` and `GITHUB_TOKEN` are names of kinds of credentials. */
function inWords(kind: string): string {
  return kind.replaceAll('_', ' ').replaceAll(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, ' ');
}
