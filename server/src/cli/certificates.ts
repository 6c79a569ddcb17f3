/** Finds the certificates that the programs of a session with a network are to trust. */
import type { Clock } from '../base/clock.ts';
import { certificatesIn, withPublic } from '../network/trust.ts';
import { gemRegistries } from '../packages/registries/gem.ts';
import { npmRegistries } from '../packages/registries/npm.ts';
import { pipRegistries } from '../packages/registries/pip.ts';
import type { Machine } from '../packages/registries/registry.ts';
import { denied, type Policy } from '../policy/policy.ts';

/** They are read again after so long, because somebody may have added one. */
const REMEMBERED_MS = 60_000;

/** As `certificatesFor`, but what was found is remembered for a minute: sessions are often made one soon after the other. */
export function rememberedCertificates(machine: Machine, clock: Clock): (wanted: Policy['certificates']) => Promise<readonly string[]> {
  let last: { readonly wanted: Policy['certificates']; readonly at: number; readonly found: readonly string[] } | undefined;
  return async (wanted) => {
    if (last && last.wanted === wanted && clock.monotonic() - last.at < REMEMBERED_MS) return last.found;
    const at = clock.monotonic();
    const found = await certificatesFor(wanted, machine);
    last = { wanted, at, found };
    return found;
  };
}

/** Those that say more of certificates than the variables of this machine do. */
const managers = [npmRegistries, pipRegistries, gemRegistries];

/** All that are to be trusted; none: those of the image. @throws ProtocolError PolicyDenied where a file of the configuration has none */
export async function certificatesFor(wanted: Policy['certificates'], machine: Machine): Promise<readonly string[]> {
  if (wanted === 'image') return [];
  if (wanted === 'host') {
    const once = readingOnce(machine);
    const sets = await Promise.all(managers.map(async (read) => (await read(once)).certificates()));
    return withPublic(sets.flat());
  }
  const texts = await Promise.all(wanted.map(async (path) => certificatesIn((await machine.read(path)) ?? '')));
  const empty = texts.findIndex((found) => found.length === 0);
  if (empty >= 0) throw denied('network', `network.certificates: file ${empty + 1} can't be read, or has no certificate in the format PEM; correct the configuration file`, { rule: 'network.certificates' });
  return withPublic(texts.flat());
}

/** The managers read the same files. */
function readingOnce(machine: Machine): Machine {
  const read = new Map<string, Promise<string | undefined>>();
  return {
    ...machine,
    read: (path) => {
      const reading = read.get(path) ?? machine.read(path);
      read.set(path, reading);
      return reading;
    },
  };
}
