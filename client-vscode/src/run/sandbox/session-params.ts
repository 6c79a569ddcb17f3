/** Turns what a run needs of its sandbox into the parameters of `session/create`. */
import type { Params } from '../../client/methods.ts';
import type { Options } from '../source/options.ts';
import type { SandboxProfile } from '../source/profile.ts';
import type { Source } from '../source/source.ts';

export interface SandboxSpec {
  readonly source: Source;
  readonly profile: SandboxProfile;
  readonly options: Options;
  readonly strict: boolean;
}

/** @param folder the folder that is copied into the sandbox; undefined for a sandbox without one */
export function sessionParams({ source, profile, options, strict }: SandboxSpec, folder: Source['folder']): Params<'session/create'> {
  return {
    ...profile,
    language: source.language,
    label: source.name.slice(0, 200),
    // The terminal type that xterm.js, the editor's terminal, emulates.
    env: { TERM: 'xterm-256color', ...options.env },
    strict,
    ...(folder ? { workspace: { uri: folder.toString(), access: 'copy' } } : {}),
  };
}
