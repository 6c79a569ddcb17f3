/** Reads configuration: JSON, checked against the published schema, with a path in every complaint. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Config } from '../protocol/index.ts';
import { safeParse } from 'zod/mini';

/** Keys of the published schema that this version does not serve: refused, not ignored. */
const notServed = ['pool', 'rates', 'quotas', 'prices', 'scan', 'audit', 'stateDir'];

export class ConfigError extends Error {}

/** @throws ConfigError with the path of what is wrong. */
export function parseConfig(text: string, name: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (fault) {
    throw new ConfigError(`${name}: not JSON: ${(fault as Error).message}`);
  }
  return checkConfig(value, name);
}

export function checkConfig(value: unknown, name: string): Config {
  const unserved = Object.keys((value ?? {})).filter((key) => notServed.includes(key));
  if (unserved.length > 0) throw new ConfigError(`${name}: ${unserved.join(', ')}: not available in this version, remove it`);
  const parsed = safeParse(Config, value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues
      .map((issue) => {
        const path = [...issue.path, ...(issue.code === 'unrecognized_keys' ? [issue.keys.join(', ')] : [])].join('.');
        const words = issue.code === 'unrecognized_keys' ? 'no such key' : issue.message;
        return `${name}: ${path || 'the whole'}: ${words}`;
      })
      .join('; '),
  );
}

export interface ConfigSources {
  /** --config */
  readonly flag: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The configuration file: --config, else $CODEBEAKER_CONFIG, else the user's. Only the last may be missing. */
export async function loadConfig({ flag, env, home }: ConfigSources): Promise<Config> {
  const named = flag ?? env.CODEBEAKER_CONFIG;
  const path = named ?? join(env.XDG_CONFIG_HOME ?? join(home, '.config'), 'codebeaker/config.json');
  const text = await readOptional(path, named === undefined);
  return text === undefined ? {} : parseConfig(text, path);
}

export const projectFileName = '.codebeaker.json';

/** The project's own file, or undefined where it has none. @throws ConfigError */
export async function loadProjectConfig(folder: string): Promise<Config | undefined> {
  const text = await readOptional(join(folder, projectFileName), true);
  return text === undefined ? undefined : parseConfig(text, projectFileName);
}

async function readOptional(path: string, mayBeMissing: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (fault) {
    if (mayBeMissing && (fault as { code?: string }).code === 'ENOENT') return undefined;
    throw new ConfigError(`${path}: can't be read: ${(fault as { code?: string }).code ?? (fault as Error).message}`);
  }
}
