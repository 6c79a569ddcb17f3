/** Reads configuration: JSON, checked against the published schema, with a path in every complaint. */
import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { safeParse } from 'zod/mini';
import { Config } from '../protocol/index.ts';
import { explain, inWords } from '../protocol/issues.ts';

/** Keys of the published schema that this version does not serve: refused, not ignored. */
const notServed: ReadonlySet<string> = new Set([
  'rates', 'quotas', 'prices', 'scan', 'audit', 'network.hosts',
]);

export const projectFileName = '.codebeaker.json';
/** A project comes from anywhere. What is larger is no configuration. */
const MAX_PROJECT_FILE_BYTES = 256 * 1024;

export class ConfigError extends Error {}

/** @throws ConfigError with the path of everything that is wrong. */
export function parseConfig(text: string, name: string): Config {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (fault) {
    throw new ConfigError(`${name}: not JSON: ${(fault as Error).message}`);
  }
  const parsed = safeParse(Config, value, inWords);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => explain(issue)).map(({ path, message }) => {
    const words = notServed.has(path) ? 'not available in this version, remove it' : message;
    return path === '' ? words : `${path}: ${words}`;
  });
  throw new ConfigError(`${name}: ${faults.join('; ')}`);
}

export interface ConfigSources {
  /** --config */
  readonly flag: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The configuration file: --config, else $CODEBEAKER_CONFIG, else the user's. Only the last may be missing. */
export async function loadConfig({ flag, env, home }: ConfigSources): Promise<Config> {
  const named = flag ?? (env.CODEBEAKER_CONFIG || undefined);
  const path = named ?? join(ownFolder('XDG_CONFIG_HOME', { env, home }), 'config.json');
  const text = await readIfThere(path, () => readFile(path, 'utf8'));
  if (text !== undefined) return parseConfig(text, path);
  if (named !== undefined) throw new ConfigError(`${path}: no such file`);
  return {};
}

const defaultFolders = { XDG_CONFIG_HOME: '.config', XDG_STATE_HOME: '.local/state' };

/** Our folder in one of the XDG base directories. There, a path that is not absolute is as good as none. */
export function ownFolder(base: keyof typeof defaultFolders, { env, home }: Pick<ConfigSources, 'env' | 'home'>): string {
  const set = env[base];
  return join(set && isAbsolute(set) ? set : join(home, defaultFolders[base]), 'codebeaker');
}

/** The project's own file, or undefined where it has none. @throws ConfigError, which does not tell where the folder is */
export async function loadProjectConfig(folder: string): Promise<Config | undefined> {
  const text = await readIfThere(projectFileName, () => readSmallFile(join(folder, projectFileName)));
  return text === undefined ? undefined : parseConfig(text, projectFileName);
}

async function readIfThere(name: string, read: () => Promise<string>): Promise<string | undefined> {
  try {
    return await read();
  } catch (fault) {
    if (fault instanceof ConfigError) throw fault;
    const { code = 'unknown error' } = fault as { code?: string };
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError(`${name}: can't be read: ${code}`);
  }
}

/** Does not wait for a writer where the file is a pipe. */
async function readSmallFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new ConfigError(`${projectFileName}: not a file`);
    if (status.size > MAX_PROJECT_FILE_BYTES) throw new ConfigError(`${projectFileName}: larger than ${MAX_PROJECT_FILE_BYTES} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
