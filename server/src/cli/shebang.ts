/** Tells the language of a file by its first line, as in `#!/usr/bin/env -S python3 -u`. */
import { posix } from 'node:path';
import type { LanguageId } from '../protocol/index.ts';

/** Each language, with the interpreters whose names stand in such a line, without a version. */
const interpreters: Readonly<Partial<Record<LanguageId, readonly string[]>>> = {
  python: ['python', 'pypy'],
  javascript: ['node', 'nodejs'],
  typescript: ['deno', 'bun', 'tsx', 'ts-node'],
  ruby: ['ruby', 'jruby', 'truffleruby'],
  shellscript: ['sh', 'bash', 'dash', 'ash', 'ksh', 'zsh'],
  go: ['gorun', 'go'],
  csharp: ['dotnet', 'dotnet-run'],
};

/** `head` is the beginning of the file. */
export function languageOfShebang(head: Buffer): LanguageId | undefined {
  const [, line] = /^#!\s*(.*)/.exec(head.toString('utf8').replace(/^\uFEFF/, '')) ?? [];
  const [program = '', ...words] = (line ?? '').split(/\s+/);
  // env takes options and variables before the name of the program.
  const interpreter = posix.basename(program) === 'env' ? words.find((word) => !word.startsWith('-') && !word.includes('=')) : program;
  const name = posix.basename(interpreter ?? '').replace(/[\d.]+$/, '');
  return (Object.keys(interpreters) as LanguageId[]).find((id) => interpreters[id]?.includes(name));
}
