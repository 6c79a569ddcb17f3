/** Which language a piece of code is: as said, else by the file's extension, else the session's. */
import { posix } from 'node:path';
import { type LanguageId, languageIds, languages, ProtocolError, type RunCodeParams } from '../protocol/index.ts';

const byExtension: ReadonlyMap<string, LanguageId> = new Map(
  languageIds.flatMap((id) => languages[id].extensions.map((extension) => [extension, id] as const)),
);

/** @throws ProtocolError LanguageUnsupported where nothing tells */
export function languageOf(params: Pick<RunCodeParams, 'language' | 'path'>, session: LanguageId | undefined): LanguageId {
  const language = params.language ?? languageOfPath(params.path) ?? session;
  if (language) return language;
  throw new ProtocolError('LanguageUnsupported', 'the language is not known: name it in language');
}

export function languageOfPath(path: string | undefined): LanguageId | undefined {
  return path === undefined ? undefined : byExtension.get(posix.extname(path));
}
