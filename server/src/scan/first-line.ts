/** What the first line of a script says of its language: a script is run by the interpreter that it names. */
import type { LanguageId } from '../protocol/index.ts';
import type { Text } from './finding.ts';

const INTERPRETER = /^#!.*?\b(python|ruby|nodejs|node|bun|deno|dotnet)(?![a-z])/;
const languages: Readonly<Record<string, LanguageId>> = { python: 'python', ruby: 'ruby', node: 'javascript', nodejs: 'javascript', bun: 'typescript', deno: 'typescript', dotnet: 'csharp' };

/** undefined: a shell runs it, or it is no script. */
export function namedLanguage({ language, code }: Pick<Text, 'language' | 'code'>): LanguageId | undefined {
  const [, name] = (language === 'shellscript' && INTERPRETER.exec(code)) || [];
  return name === undefined ? undefined : languages[name];
}
