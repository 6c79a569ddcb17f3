/** Which language a piece of code is: as said, else by the file's extension, else the session's. */
import { posix } from 'node:path';
import { type LanguageId, ProtocolError, type RunCodeParams } from '../protocol/index.ts';

const byExtension: Readonly<Record<string, LanguageId>> = {
  '.py': 'python',
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.cts': 'typescript',
  '.go': 'go',
  '.cs': 'csharp',
  '.rb': 'ruby',
  '.sh': 'shellscript',
};

/** @throws ProtocolError LanguageUnsupported where nothing tells */
export function languageOf(params: Pick<RunCodeParams, 'language' | 'path'>, session: LanguageId | undefined): LanguageId {
  const language = params.language ?? languageOfPath(params.path) ?? session;
  if (language) return language;
  throw new ProtocolError('LanguageUnsupported', 'the language is not known: name it in language');
}

export function languageOfPath(path: string | undefined): LanguageId | undefined {
  return path === undefined ? undefined : byExtension[posix.extname(path)];
}
