/** What of the configuration holds, and which file says so: the defaults, the user's file, and what a project's file narrows. */
import { contains, formatRule, type Rule } from '../network/hosts.ts';
import type { Config } from '../protocol/index.ts';
import { auditPolicy } from './audit.ts';
import { LOG_BYTES, LOG_FILES } from './defaults.ts';
import { historyPolicy } from './history.ts';
import { packagesPolicy } from './packages.ts';
import { createPolicy, narrow, type Policy } from './policy.ts';

/** Who says it. */
export type Origin = 'default' | 'user' | 'project';

export interface Setting {
  /** The path of the key, such as `limits.memoryBytes`. */
  readonly key: string;
  readonly value: unknown;
  readonly from: Origin;
}

type Values = ReadonlyMap<string, unknown>;

/** Values that nobody is shown. */
const confidential = /\.(?:token|password)$/;

/**
 * Every key that has a value, in the order of their names. `stateDir` is the folder that counts where no file names one.
 * @throws ProtocolError PolicyDenied where the project asks for more than the user's file allows
 */
export function inForce(user: Config, project: Config | undefined, stateDir: string): Setting[] {
  const allowed = createPolicy(user);
  const narrowed = project ? narrow(allowed, project) : allowed;
  const [initial, own, before, after] = [{ ...asConfig(createPolicy({})), ...alone({}, stateDir) }, user, asConfig(allowed), asConfig(narrowed)].map(leaves) as [Values, Values, Values, Values];
  const all = new Map([...initial, ...leaves(alone(user, stateDir)), ...own, ...before, ...after]);
  const from = (key: string): Origin => {
    const same = (one: Values, other: Values) => JSON.stringify(one.get(key)) === JSON.stringify(other.get(key));
    if (after.has(key) && !same(before, after)) return 'project';
    return own.has(key) || (before.has(key) && !same(initial, before)) ? 'user' : 'default';
  };
  return [...all]
    .filter(([key]) => key !== '$schema')
    .map(([key, value]) => ({ key, value: confidential.test(key) ? '***' : value, from: from(key) }))
    .sort((one, other) => (one.key < other.key ? -1 : 1));
}

/** The keys that a policy decides. */
function asConfig({ preference, images, allowedImages, limits, maxLimits, sessions, networkModes, hostLists, pool, rates, quotas, scan, sizes, networkBounds, certificates }: Policy): Config {
  const named: readonly string[] = Object.values(images);
  const more = [...allowedImages].filter((image) => !named.includes(image));
  return {
    preference,
    images,
    ...(more.length > 0 ? { allowedImages: more } : {}),
    limits,
    maxLimits,
    sessions,
    rates: { ...rates },
    quotas: asQuotasConfig(quotas),
    scan: asScanConfig(scan),
    sizes,
    network: { modes: [...networkModes], ...networkBounds, certificates: typeof certificates === 'string' ? certificates : [...certificates], ...(hostLists.length > 0 ? { hosts: [...new Set(hostLists.reduce(common).map(formatRule))] } : {}) },
    ...(pool ? { pool } : {}),
  };
}

/** What holds where no file says anything: each key that has a value then, except for those that depend on the machine. */
export function defaultValues(): Values {
  const all = leaves({ ...asConfig(createPolicy({})), ...alone({ log: { file: '' } }, '') });
  const isSaid = (value: unknown) => typeof value !== 'object' || Array.isArray(value);
  return new Map([...all].filter(([key, value]) => isSaid(value) && key !== 'stateDir' && key !== 'log.file'));
}

export function asQuotasConfig({ sessions, perDay, perSession }: Policy['quotas']): NonNullable<Config['quotas']> {
  return { ...bounded({ sessions }), perDay: bounded(perDay), perSession: bounded(perSession) };
}

/** Those that have a bound. */
function bounded<Name extends string>(all: Readonly<Record<Name, number>>): { [Each in Name]?: number } {
  return Object.fromEntries(Object.entries<number>(all).filter(([, most]) => most < Infinity)) as { [Each in Name]?: number };
}

export function asScanConfig({ mode, block: { severity, categories }, rules, raised, maxBytes }: Policy['scan']): Config['scan'] {
  const all = { ...rules, ...raised };
  return {
    mode,
    block: { ...(severity === undefined ? {} : { severity }), ...(categories.length > 0 ? { categories: [...categories] } : {}) },
    ...(Object.keys(all).length > 0 ? { rules: all } : {}),
    maxBytes,
  };
}

/** What both lists cover. */
function common(some: readonly Rule[], others: readonly Rule[]): readonly Rule[] {
  const covered = (rules: readonly Rule[], by: readonly Rule[]) => rules.filter((rule) => by.some((outer) => contains(outer, rule)));
  return [...covered(others, some), ...covered(some, others)];
}

/** The keys that only the configuration file has. */
function alone(config: Config, stateDir: string): Config {
  const { cacheBytes, run } = packagesPolicy(config);
  return { packages: { cacheBytes, run }, audit: auditPolicy(config), history: historyPolicy(config), log: { level: config.log?.level ?? 'warn', format: config.log?.format ?? 'text', ...(config.log?.file === undefined ? {} : { maxBytes: config.log.maxBytes ?? LOG_BYTES, keepFiles: config.log.keepFiles ?? LOG_FILES }) }, stateDir: config.stateDir ?? stateDir };
}

/** The paths of everything that is no object, with their values. A list is one value, and so is an object without members. */
export function leaves(config: Config): Values {
  const found = new Map<string, unknown>();
  const walk = (value: unknown, path: string) => {
    const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    if (members.length === 0) {
      if (value !== undefined) found.set(path, value);
    } else for (const [key, inner] of members) walk(inner, path === '' ? key : `${path}.${key}`);
  };
  for (const [key, value] of Object.entries(config)) walk(value, key);
  return found;
}
