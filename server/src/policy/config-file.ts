/** Reads the configuration file: JSON, checked against the published schema. Every error names the path of the wrong key. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { safeParse } from 'zod/mini';
import { Config } from '../protocol/index.ts';
import { explain, inWords, type Issue } from '../protocol/issues.ts';
import { outOfBounds } from './bounds.ts';
import { type DoubleKey, doubleKeys } from './double-keys.ts';
import { ownFolder } from './own-folder.ts';

export class ConfigError extends Error {}

/** What is wrong with the text of a configuration, each with the path of its key; or the configuration, if nothing is. */
export function checkConfig(text: string): { readonly config: Config } | Faulty {
  const json = parseJson(text);
  if ('fault' in json) return { faults: [{ path: '', message: json.fault }], rest: undefined };
  const doubles = doubleKeys(json.text).map(twice);
  const parsed = safeParse(Config, json.value, inWords);
  if (parsed.success) {
    const issues = [...doubles, ...outOfBounds(parsed.data)];
    return issues.length === 0 ? { config: parsed.data } : { faults: issues, rest: inBounds(parsed.data) };
  }
  const { issues } = parsed.error;
  const rest = withoutKeys(json.value, issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path])));
  return { faults: [...doubles, ...issues.flatMap((issue) => explain(issue)), ...(rest ? outOfBounds(rest) : [])], rest: rest && inBounds(rest) };
}

interface Faulty {
  readonly faults: readonly Issue[];
  /** What the text says apart from the keys that have no meaning. undefined: nothing can be told of it. */
  readonly rest: Config | undefined;
}

function twice({ path, line, column, first }: DoubleKey): Issue {
  return { path: path.join('.'), message: `the key stands twice: in line ${first.line}, column ${first.column}, and again in line ${line}, column ${column}; remove one of them` };
}

/** What is left where what is out of its bounds is left out. */
function inBounds(config: Config): Config | undefined {
  const rest = withoutKeys(config, outOfBounds(config).map(({ path }) => path.split('.')));
  return rest && outOfBounds(rest).length === 0 ? rest : undefined;
}

/** The value without these keys, and without each list in which one of them is. undefined: what is left is no configuration. */
function withoutKeys(value: unknown, paths: readonly (readonly PropertyKey[])[]): Config | undefined {
  const parsed = safeParse(Config, paths.reduce(without, value));
  return parsed.success ? parsed.data : undefined;
}

function without(value: unknown, path: readonly PropertyKey[]): unknown {
  const [key, ...below] = path;
  if (key === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { [key as string]: inner, ...others } = value as Record<string, unknown>;
  const left = inner === undefined ? undefined : without(inner, below);
  return left === undefined ? others : { ...others, [key]: left };
}

/** `name` is how errors call the text. @throws ConfigError, with the path of everything that is wrong */
export function parseConfig(text: string, name: string): Config {
  const found = checkConfig(text);
  if ('config' in found) return found.config;
  throw new ConfigError(`${name}: ${found.faults.map(inOneLine).join('; ')}`);
}

/** A fault as a line of text. */
export function inOneLine({ path, message }: Issue): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** Editors on Windows put a byte order mark at the beginning, which means nothing. */
function parseJson(given: string): { text: string; value: unknown } | { fault: string } {
  const text = given.replace(/^\ufeff/, '');
  try {
    return { text, value: JSON.parse(text) as unknown };
  } catch (fault) {
    const comments = /^\s*(?:\/\/|\/\*)/m.test(text) ? '; comments are not allowed' : '';
    return { fault: `it is not valid JSON: ${(fault as Error).message}${comments}` };
  }
}

export interface ConfigSources {
  /** The value of --config. */
  readonly flag: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The path of the file that --config names, else of the one that $CODEBEAKER_CONFIG names, else of the user's own. */
export function configPath({ flag, env, home }: ConfigSources): string {
  return flag ?? (env.CODEBEAKER_CONFIG || join(ownFolder('XDG_CONFIG_HOME', { env, home }), 'config.json'));
}

/** Reads the file. Only the user's own may be missing. @throws ConfigError */
export function loadConfig({ flag, env, home }: ConfigSources): Config {
  const named = flag ?? (env.CODEBEAKER_CONFIG || undefined);
  const path = configPath({ flag, env, home });
  const text = readIfThere(path);
  if (text !== undefined) return parseConfig(text, path);
  if (named !== undefined) throw new ConfigError(`${path}: there is no such file`);
  return {};
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (fault) {
    if (isAbsent(fault)) return undefined;
    throw unreadable(path, fault);
  }
}

export function isAbsent(fault: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(fault));
}

export function unreadable(name: string, fault: unknown): ConfigError {
  return new ConfigError(`${name}: it cannot be read: ${codeOf(fault)}`);
}

function codeOf(fault: unknown): string {
  return (fault as { code?: string }).code ?? 'unknown error';
}
