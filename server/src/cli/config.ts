/** `codebeaker config`: prints the schema of the configuration, checks configuration files, and shows what holds and which file says so. */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { checkConfig, ConfigError, configPath, inOneLine, isAbsent, loadConfig } from '../policy/config-file.ts';
import { inForce, type Setting } from '../policy/in-force.ts';
import { ownFolder } from '../policy/own-folder.ts';
import { createPolicy, narrow } from '../policy/policy.ts';
import { loadProjectConfig, projectFileName } from '../policy/project-file.ts';
import { type Config, ProtocolError } from '../protocol/index.ts';
import type { Issue } from '../protocol/issues.ts';
import { runtimeKinds } from '../runtime/kinds/table.ts';
import type { ConfigArguments } from './actions.ts';
import { Exit } from './exit-codes.ts';
import type { Surroundings } from './surroundings.ts';
import { columns } from './text.ts';

const WIDTH = 120;

interface Done {
  readonly code: number;
  readonly lines: readonly string[];
  readonly result: object;
}

/** @returns the exit code: 78 where a file is wrong. @throws ConfigError where `show` needs a file that is wrong */
export async function config(surroundings: Pick<Surroundings, 'env' | 'home'>, args: ConfigArguments, print: (text: string) => Promise<number>): Promise<number> {
  const { code, lines, result } = await actions[args.action](surroundings, args);
  const text = args.json ? `${JSON.stringify(result)}\n` : lines.map((line) => `${line}\n`).join('');
  return (await print(text)) || code;
}

const actions: Readonly<Record<ConfigArguments['action'], (surroundings: Pick<Surroundings, 'env' | 'home'>, args: ConfigArguments) => Promise<Done>>> = {
  schema: async () => {
    const schema = (await import('../policy/config-schema.ts')).configSchema();
    return { code: 0, lines: [JSON.stringify(schema, null, 2)], result: schema };
  },
  check: async ({ env, home }, { files, folder, config: flag }) => {
    const own = configPath({ flag, env, home });
    const places = files.length > 0 ? files : [own, join(folder, projectFileName)].filter((path) => isThere(path) || path === flag);
    const allowed = () => understood(own);
    const checked = await Promise.all(places.map(async (path) => ({ path, faults: await faultsIn(path, allowed) })));
    const lines = checked.flatMap(({ path, faults }) => (faults.length === 0 ? [`${path}: nothing is wrong`] : faults.map((fault) => `${path}: ${inOneLine(fault)}`)));
    const code = checked.some(({ faults }) => faults.length > 0) ? Exit.config : 0;
    return { code, lines: lines.length > 0 ? lines : [`there is no configuration file (${own}), so the defaults hold`], result: { files: checked } };
  },
  show: async ({ env, home }, { folder, config: flag }) => {
    const user = loadConfig({ flag, env, home });
    const project = await loadProjectConfig(folder);
    const settings = allowedOrFault(() => inForce(user, project, ownFolder('XDG_STATE_HOME', { env, home })));
    const names = { default: 'default', user: configPath({ flag, env, home }), project: join(resolve(folder), projectFileName) };
    const rows = settings.map(({ key, value, from }) => [key, JSON.stringify(value), names[from]]);
    return { code: 0, lines: columns([['KEY', 'VALUE', 'SAID BY'], ...rows], WIDTH), result: { settings: settings.map((setting) => shown(setting, names)) } };
  },
};

function shown({ key, value, from }: Setting, names: Readonly<Record<Setting['from'], string>>): object {
  return { key, value, from, ...(from === 'default' ? {} : { file: names[from] }) };
}

/** What is wrong with a file. It may name rules that there are not, and a project's file may also ask for more than the user's file allows. */
async function faultsIn(path: string, allowed: () => Config | undefined): Promise<readonly Issue[]> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (fault) {
    return [{ path: '', message: isAbsent(fault) ? 'there is no such file' : `it cannot be read: ${(fault as { code?: string }).code}` }];
  }
  const found = checkConfig(text);
  const [faults, config] = 'faults' in found ? [found.faults, found.rest] : [[], found.config];
  if (!config) return faults;
  const { unknownRules } = await import('../scan/known.ts');
  const unknown = unknownRules(Object.keys(config.scan?.rules ?? {})).map(({ id, message }) => ({ path: `scan.rules.${id}`, message }));
  return [...faults, ...unknown, ...unknownRuntimes(config), ...(basename(path) === projectFileName ? tooMuch(config, allowed()) : [])];
}

/** A daemon starts with a pool of a runtime that there is not, since it may be that of another machine. It would never be filled. */
function unknownRuntimes({ pool = {}, docker }: Config): readonly Issue[] {
  const known = runtimeKinds(docker).map(({ id }) => id);
  return Object.keys(pool).filter((id) => !known.includes(id)).map((id) => ({ path: `pool.${id}`, message: `there is no such runtime; the runtimes are ${known.join(', ')}` }));
}

/** What the file of a project asks for and may not have. `allowed`: what the user's file says; undefined: nobody knows. */
function tooMuch(config: Config, allowed: Config | undefined): readonly Issue[] {
  if (!allowed) return [];
  try {
    narrow(createPolicy(allowed), config);
    return [];
  } catch (fault) {
    if (!(fault instanceof ProtocolError)) throw fault;
    return [{ path: '', message: fault.message }];
  }
}

/** What the user's file says, as far as it can be understood: what is wrong with it is told by itself. */
function understood(path: string): Config | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (fault) {
    return isAbsent(fault) ? {} : undefined;
  }
  const found = checkConfig(text);
  return 'config' in found ? found.config : found.rest;
}

function isThere(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (fault) {
    return !isAbsent(fault);
  }
}

function allowedOrFault<T>(work: () => T): T {
  try {
    return work();
  } catch (fault) {
    throw fault instanceof ProtocolError ? new ConfigError(`${projectFileName}: ${fault.message}`) : fault;
  }
}
