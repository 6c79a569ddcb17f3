/** The folders in which CodeBeaker keeps its own files: one in each of the XDG base directories. */
import { isAbsolute, join } from 'node:path';

const defaults = { XDG_CONFIG_HOME: '.config', XDG_STATE_HOME: '.local/state', XDG_CACHE_HOME: '.cache' };

export type BaseFolder = keyof typeof defaults;

export interface FolderSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** A relative path in the environment is ignored, as the XDG specification demands. */
export function ownFolder(base: BaseFolder, { env, home }: FolderSources): string {
  const set = env[base];
  return join(set && isAbsolute(set) ? set : join(home, defaults[base]), 'codebeaker');
}
