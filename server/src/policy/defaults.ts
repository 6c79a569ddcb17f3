/** The values that apply where the configuration does not set others. */
import type { NetworkBounds } from '../network/proxy.ts';
import { type Config, type LanguageId, languageIds, languages, type Limits } from '../protocol/index.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

export const defaultLimits: Limits = {
  memoryBytes: 512 * MiB,
  cpus: 1,
  pids: 256,
  diskBytes: 256 * MiB,
  outputBytes: 16 * MiB,
  timeoutMs: 600_000,
  packageBytes: GiB,
};

/** The highest limits that a client may ask for. `timeoutMs` 0 means no maximum, so a client may also ask for no time limit. */
export const defaultMaxLimits: Limits = {
  memoryBytes: 16 * GiB,
  cpus: 64,
  pids: 16_384,
  diskBytes: 16 * GiB,
  outputBytes: 64 * GiB,
  timeoutMs: 0,
  packageBytes: 64 * GiB,
};

/** When the file of the log is larger than LOG_BYTES, it is put aside, and LOG_FILES of those are kept. */
export const LOG_BYTES = 10 * MiB;
export const LOG_FILES = 3;

/** Whether the audit log is kept. */
export function isAudited({ audit }: Pick<Config, 'audit'>): boolean {
  return audit?.enabled ?? true;
}

/** Whether the history is kept. */
export function keepsHistory({ history }: Pick<Config, 'history'>): boolean {
  return history?.enabled ?? true;
}

export const defaultSessions = {
  max: 16,
  idleTimeoutMs: 30 * 60_000,
  maxLifetimeMs: 120 * 60_000,
  graceMs: 60_000,
  maxGraceMs: 10 * 60_000,
};

/** What each session with a network may use of it. */
export const defaultNetworkBounds: NetworkBounds = {
  connections: 256,
  bytes: 64 * GiB,
  idleTimeoutMs: 5 * 60_000,
};

export const defaultImages = Object.fromEntries(languageIds.map((id) => [id, languages[id].image])) as Readonly<Record<LanguageId, string>>;
