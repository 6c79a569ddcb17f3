/** Makes the audit log of a daemon. */
import { hash, randomBytes } from 'node:crypto';
import { Audit } from '../audit/audit.ts';
import { systemDisk } from '../audit/disk.ts';
import { headsFound } from '../audit/heads-found.ts';
import { auditPlaces, daemonName } from '../audit/places.ts';
import { live } from '../base/live.ts';
import type { Log } from '../base/log.ts';
import { auditPolicy } from '../policy/audit.ts';
import type { Config } from '../protocol/index.ts';
import type { Surroundings } from './surroundings.ts';

export interface AuditParts {
  readonly surroundings: Surroundings;
  readonly stateFolder: string;
  /** As it holds at each moment. */
  readonly config: Config;
  readonly log: Log;
}

export function createAudit({ surroundings, stateFolder, config, log }: AuditParts): Audit {
  const policy = live(() => auditPolicy(config));
  const { clock, uid, version, process: { pid } } = surroundings;
  const places = auditPlaces(stateFolder, policy.anchor);
  const daemon = daemonName(clock.now(), randomBytes(6).toString('hex'));
  return new Audit({
    places, policy, daemon, disk: systemDisk(uid), clock, log,
    opening: live(() => ({ format: 1, version, processId: pid, uid, configuration: digestOf(config) })),
    others: (segment) => headsFound(places, segment),
  });
}

/** Records that the configuration was read again. */
export function recordReload(audit: Audit, config: Config): void {
  audit.record({ kind: 'log', event: 'reloaded', fields: { configuration: digestOf(config) } });
}

/** The credentials of registries are no part of it. */
function digestOf(config: Config): string {
  return hash('sha256', JSON.stringify(config, (key, value: unknown) => (['token', 'username', 'password'].includes(key) ? undefined : value)));
}
