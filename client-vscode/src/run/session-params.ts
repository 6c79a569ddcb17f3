/** What is asked of a sandbox for a run. */
import type { Params } from '../client/methods.ts';
import type { Options } from './options.ts';
import type { Chosen } from './profile.ts';
import type { Source } from './source.ts';

export interface SessionAsk {
  readonly source: Source;
  readonly chosen: Chosen;
  readonly options: Options;
  readonly strict: boolean;
}

/** @param folder is copied into it; undefined: it gets none */
export function sessionParams({ source, chosen, options, strict }: SessionAsk, folder: Source['folder']): Params<'session/create'> {
  return {
    ...chosen,
    language: source.language,
    label: source.name.slice(0, 200),
    // What the editor's terminal is, for programs that have one.
    env: { TERM: 'xterm-256color', ...options.env },
    strict,
    ...(folder ? { workspace: { uri: folder.toString(), access: 'copy' } } : {}),
  };
}
