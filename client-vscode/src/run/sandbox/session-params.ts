/** Turns what a run needs of its sandbox into the parameters of `session/create`. */
import type { Params } from '../../client/methods.ts';
import type { Options } from '../source/options.ts';
import type { NeededPackages } from '../source/needed-packages.ts';
import type { NeededSecrets } from '../source/needed-secrets.ts';
import type { SandboxProfile } from '../source/profile.ts';
import type { Source } from '../source/source.ts';

export interface SandboxSpec {
  readonly source: Source;
  readonly profile: SandboxProfile;
  readonly options: Options;
  readonly strict: boolean;
  /** undefined: it needs none. */
  readonly packages?: NeededPackages;
  /** undefined: it has none. */
  readonly secrets?: NeededSecrets;
  /** Whether the program is debugged there. By default it is run. */
  readonly debug?: boolean;
}

/** Programs in these languages are written for one of several runtimes, and often tell for which. */
const untold: readonly string[] = ['javascript', 'typescript'];
/** The daemon looks at so much of the text. */
const MAX_CODE_LENGTH = 65_536;

/** @param folder the folder that is copied into the sandbox; undefined for a sandbox without one */
export function sessionParams({ source, profile, options, strict, packages, secrets, debug }: SandboxSpec, folder: Source['folder']): Params<'session/create'> {
  return {
    ...profile,
    language: source.language,
    label: source.name.slice(0, 200),
    // The terminal type that xterm.js, the editor's terminal, emulates.
    env: { TERM: 'xterm-256color', ...options.env },
    strict,
    ...(secrets?.secrets ? { secrets: { ...secrets.secrets } } : {}),
    ...(secrets?.secretNames ? { secretNames: [...secrets.secretNames] } : {}),
    ...(untold.includes(source.language) ? { program: { path: source.path, code: source.text.slice(0, MAX_CODE_LENGTH) } } : {}),
    ...(debug ? { debug } : {}),
    ...(folder ? { workspace: { uri: folder.toString(), access: 'copy' } } : {}),
    ...(packages ? { packages: { names: [...packages.names], ...(folder && packages.manifest !== undefined ? { manifest: packages.manifest } : {}) } } : {}),
  };
}

/** Two runs with the same key can have the same sandbox. The key has secrets in it, so it is kept in memory alone. Of the text only those words count that may decide the runtime. */
export function sandboxKey(spec: SandboxSpec): string {
  const { program, ...params } = sessionParams(spec, spec.source.folder);
  const words = new Set(program?.code?.match(/^#!.*|\b(?:Deno|Bun|bun|jsr|npm|https|typeof|globalThis|require|module|__dirname|__filename)\b/g));
  return JSON.stringify([params, spec.packages?.text, program?.path, [...words].sort()]);
}
