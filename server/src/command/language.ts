/** Decides in which language source code is written: the one the client names, else that of the file's extension, else that of the session. */
import { posix } from 'node:path';
import { type LanguageId, languageIds, languages, ProtocolError, type RunCodeParams } from '../protocol/index.ts';

const byExtension: ReadonlyMap<string, LanguageId> = new Map(
  languageIds.flatMap((id) => languages[id].extensions.map((extension) => [extension, id] as const)),
);

/** @throws ProtocolError LanguageUnsupported if none of them says */
export function languageOf(params: Pick<RunCodeParams, 'language' | 'path'>, session: LanguageId | undefined): LanguageId {
  const language = params.language ?? languageOfPath(params.path) ?? session;
  if (language) return language;
  throw new ProtocolError('LanguageUnsupported', 'the language is not known: name it in the param language');
}

export function languageOfPath(path: string | undefined): LanguageId | undefined {
  return path === undefined ? undefined : byExtension.get(posix.extname(path).toLowerCase());
}
