/**
 * The policy: what is allowed. It comes from the configuration file. Project files and clients can only narrow it: they
 * choose among what it allows and lower its bounds, and never raise one. An empty list allows nothing.
 */
import { type Config, type LanguageId, type Limits, type Network, type PartialLimits, type Preference, type Prices, ProtocolError, type SecretSource } from '../protocol/index.ts';
import type { Rule } from '../network/hosts.ts';
import type { NetworkBounds } from '../network/proxy.ts';
import { defaultImages, defaultLimits, defaultMaxLimits, defaultNetworkBounds, defaultSessions } from './defaults.ts';
import { parseHosts } from './hosts.ts';
import { createQuotas, narrowQuotas, type Quotas } from './quotas.ts';
import { createRates, narrowRates, type Rates } from './rates.ts';
import { narrowScan, type ScanPolicy, scanPolicy } from './scan.ts';
import { createSizes, narrowSizes, type Sizes } from './sizes.ts';

export interface Policy {
  readonly preference: Preference;
  /** The image of each language. */
  readonly images: Readonly<Record<LanguageId, string>>;
  /** Images a client may name. */
  readonly allowedImages: ReadonlySet<string>;
  readonly limits: Limits;
  readonly maxLimits: Limits;
  /** `graceMs`, `maxGraceMs`: how long a session waits for a client whose connection was lost, and the most that one may ask for. */
  readonly sessions: { readonly max: number; readonly idleTimeoutMs: number; readonly maxLifetimeMs: number; readonly graceMs: number; readonly maxGraceMs: number };
  readonly networkModes: readonly Network['mode'][];
  /** Lists of hosts of which each has to cover whatever a session reaches. */
  readonly hostLists: readonly (readonly Rule[])[];
  /** What each session may use of the network. */
  readonly networkBounds: NetworkBounds;
  /** What programs of sessions with a network trust: what this machine trusts, what is in the image, or these files and the public authorities. */
  readonly certificates: 'host' | 'image' | readonly string[];
  /** Where the secrets come from that a session can name. */
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /**
   * How many sandboxes are prepared in advance, by runtime and language; none for those that are not named. If
   * undefined, demand decides.
   */
  readonly pool: Config['pool'];
  readonly rates: Rates;
  readonly quotas: Quotas;
  /** undefined: nothing costs anything. */
  readonly prices: Prices | undefined;
  readonly scan: ScanPolicy;
  /** How long the texts in a request may be. */
  readonly sizes: Sizes;
  /** Why no session may be made: a file that was there to narrow the policy can't be followed. */
  readonly refusal?: string;
  /** What has narrowed it (the name of a project's file, or `CLIENT`), by what it has narrowed: `maxLimits.pids`, `network.modes.full`, `network.hosts.0` for a list of `hostLists`, `allowedImages.NAME`. What is not among them is as the configuration file says it. */
  readonly narrowedBy?: Readonly<Record<string, string>>;
}

export function createPolicy(config: Config): Policy {
  const images = { ...defaultImages, ...config.images };
  const maxLimits = { ...defaultMaxLimits, ...config.maxLimits };
  return {
    preference: config.preference ?? 'balanced',
    images,
    allowedImages: new Set([...Object.values(images), ...(config.allowedImages ?? [])]),
    limits: leavingMemory(lower({ ...defaultLimits, ...config.limits }, maxLimits)),
    maxLimits,
    sessions: { ...defaultSessions, ...config.sessions },
    networkModes: config.network?.modes ?? ['none'],
    hostLists: hostLists(config),
    networkBounds: boundsOf(config),
    certificates: certificates(config),
    secrets: config.secrets ?? {},
    pool: config.pool,
    rates: createRates(config),
    quotas: createQuotas(config),
    prices: config.prices,
    scan: scanPolicy(config),
    sizes: createSizes(config),
  };
}

/** What has narrowed a policy where its client has, as messages call it. */
export const CLIENT = 'the initializationOptions of the client';

/** `by`: what says it, for `narrowedBy`; absent: nobody is told. @throws ProtocolError PolicyDenied if `config` asks for more than `policy` allows */
export function narrow(policy: Policy, config: Config, by?: string): Policy {
  refuseFileKeys(config);
  if (Object.keys(config.pool ?? {}).length > 0) throw denied('pool', 'pool can only be set in the configuration file; elsewhere only an empty pool is allowed, which turns preparing sandboxes off');
  for (const image of Object.values(config.images ?? {})) checkImage(policy, image);
  const allowed = config.allowedImages?.filter((image) => policy.allowedImages.has(image));
  const images = { ...policy.images, ...config.images };
  const maxLimits = lower(policy.maxLimits, config.maxLimits ?? {});
  const sessions = config.sessions ?? {};
  const narrowed: Policy = {
    preference: config.preference ?? policy.preference,
    images,
    allowedImages: allowed ? new Set(allowed) : policy.allowedImages,
    limits: resolveLimits(blaming(policy, { ...policy, maxLimits }, by), config.limits ?? {}),
    maxLimits,
    sessions: {
      max: Math.min(policy.sessions.max, sessions.max ?? Infinity),
      idleTimeoutMs: shorter(policy.sessions.idleTimeoutMs, sessions.idleTimeoutMs),
      maxLifetimeMs: shorter(policy.sessions.maxLifetimeMs, sessions.maxLifetimeMs),
      graceMs: Math.min(policy.sessions.graceMs, sessions.graceMs ?? Infinity),
      maxGraceMs: Math.min(policy.sessions.maxGraceMs, sessions.maxGraceMs ?? Infinity),
    },
    pool: config.pool ? {} : policy.pool,
    rates: narrowRates(policy.rates, config),
    quotas: narrowQuotas(policy.quotas, config),
    prices: policy.prices,
    scan: narrowScan(policy.scan, config),
    sizes: narrowSizes(policy.sizes, config),
    ...(policy.refusal === undefined ? {} : { refusal: policy.refusal }),
    ...(policy.narrowedBy === undefined ? {} : { narrowedBy: policy.narrowedBy }),
    networkModes: policy.networkModes.filter((mode) => config.network?.modes?.includes(mode) ?? true),
    hostLists: [...policy.hostLists, ...hostLists(config)],
    networkBounds: lowerBounds(policy.networkBounds, boundsOf(config, policy.networkBounds)),
    certificates: policy.certificates,
    secrets: policy.secrets,
  };
  return blaming(policy, narrowed, by);
}

/** What has to be changed where something is to be allowed, as messages call it. */
export function fileFor({ narrowedBy }: Policy, what: string): string {
  return narrowedBy?.[what] ?? 'the configuration file';
}

/** `after`, with who has made it of `before`. */
function blaming(before: Policy, after: Policy, by: string | undefined): Policy {
  if (by === undefined) return after;
  return { ...after, narrowedBy: { ...before.narrowedBy, ...Object.fromEntries(narrowings(before, after).map((what) => [what, by])) } };
}

function narrowings(before: Policy, after: Policy): string[] {
  const limits = Object.keys(after.maxLimits) as (keyof Limits)[];
  return [
    ...limits.filter((name) => after.maxLimits[name] !== before.maxLimits[name]).map((name) => `maxLimits.${name}`),
    ...before.networkModes.filter((mode) => !after.networkModes.includes(mode)).map((mode) => `network.modes.${mode}`),
    ...after.hostLists.slice(before.hostLists.length).map((_, at) => `network.hosts.${before.hostLists.length + at}`),
    ...[...before.allowedImages].filter((image) => !after.allowedImages.has(image)).map((image) => `allowedImages.${image}`),
  ];
}

/** The keys that only the configuration file may set. */
export const fileKeys = ['docker', 'log', 'stateDir', 'drain', 'packages', 'debug', 'prices', 'audit', 'history', 'secrets', 'telemetry', 'network.certificates', 'sizes.messageBytes'] as const;

/** @throws ProtocolError PolicyDenied where `config` has a key that only the configuration file may set */
function refuseFileKeys(config: Config): void {
  const set = { ...config, 'network.certificates': config.network?.certificates, 'sizes.messageBytes': config.sizes?.messageBytes };
  const key = fileKeys.find((each) => set[each] !== undefined);
  if (key !== undefined) throw denied(key.split('.')[0] ?? key, `${key} can only be set in the configuration file`, { rule: key });
}

/** @throws ProtocolError PolicyDenied where no session may be made */
export function checkSessions({ refusal }: Policy): void {
  if (refusal !== undefined) throw denied('project', refusal);
}

/** Whether sandboxes are prepared in advance. An empty `pool` in the configuration turns that off. */
export function preparesSandboxes({ pool, refusal }: Policy): boolean {
  return refusal === undefined && (!pool || Object.keys(pool).length > 0);
}

/** @throws ProtocolError PolicyDenied */
export function checkImage(policy: Policy, image: string): void {
  if (policy.allowedImages.has(image)) return;
  throw denied('images', `the image ${image} is not allowed: add it to allowedImages in ${fileFor(policy, `allowedImages.${image}`)}`, saidBy(policy, `allowedImages.${image}`));
}

/**
 * The limits of a session: those that it asks for, and the defaults for the others; `diskBytes` is at most half of `memoryBytes`.
 * @throws ProtocolError PolicyDenied if a limit is above its maximum
 */
export function resolveLimits(policy: Policy, asked: PartialLimits): Limits {
  for (const [name, value] of Object.entries(asked) as [keyof Limits, number][]) {
    const most = policy.maxLimits[name];
    if (name === 'timeoutMs' ? most > 0 && (value === 0 || value > most) : value > most) {
      throw denied('limits', `${name} may be at most ${most}; ask for less, or raise maxLimits.${name} in ${fileFor(policy, `maxLimits.${name}`)}`, { rule: `maxLimits.${name}`, maximum: most, ...saidBy(policy, `maxLimits.${name}`) });
    }
  }
  return leavingMemory(lower({ ...policy.limits, ...asked }, policy.maxLimits));
}

/** The shorter of two durations, where 0 means no bound. */
export function shorter(bound: number, asked: number | undefined): number {
  if (asked === undefined || asked === 0) return bound;
  return bound === 0 ? asked : Math.min(bound, asked);
}

/** The files of a session lie in memory. When all of them are full, half of it is left for programs. */
function leavingMemory(limits: Limits): Limits {
  return { ...limits, diskBytes: Math.min(limits.diskBytes, Math.ceil(limits.memoryBytes / 2)) };
}

/** The limits, each of them at most as high as `most` says. */
export function lower(limits: Limits, most: PartialLimits): Limits {
  const result = { ...limits };
  for (const [name, value] of Object.entries(most) as [keyof Limits, number | undefined][]) {
    if (value === undefined) continue;
    result[name] = name === 'timeoutMs' ? shorter(value, result[name]) : Math.min(result[name], value);
  }
  return result;
}

function boundsOf({ network }: Config, others = defaultNetworkBounds): NetworkBounds {
  const { connections, bytes, idleTimeoutMs } = { ...others, ...network };
  return { connections, bytes, idleTimeoutMs };
}

export function lowerBounds(one: NetworkBounds, other: NetworkBounds): NetworkBounds {
  return { connections: Math.min(one.connections, other.connections), bytes: Math.min(one.bytes, other.bytes), idleTimeoutMs: Math.min(one.idleTimeoutMs, other.idleTimeoutMs) };
}

function hostLists({ network }: Config): Rule[][] {
  return network?.hosts ? [parseHosts(network.hosts, 'network.hosts')] : [];
}

function certificates({ network: { certificates = 'host' } = {} }: Config): Policy['certificates'] {
  if (certificates === 'host' || certificates === 'image') return certificates;
  return [certificates].flat();
}

/** For a client that puts it into words of its own. */
export function saidBy({ narrowedBy }: Policy, what: string): { readonly file?: string } {
  const file = narrowedBy?.[what];
  return file === undefined ? {} : { file };
}

export function denied(policy: string, message: string, data: Record<string, unknown> = {}): ProtocolError {
  return new ProtocolError('PolicyDenied', message, { policy, rule: policy, ...data });
}
