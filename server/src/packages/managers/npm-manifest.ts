/** Reads package.json and its lock file, and makes of them what is installed: no scripts of their own, and addresses of mirrors. */
import { posix } from 'node:path';
import { invalidParam } from '../../protocol/index.ts';
import type { Manifest, Reachable } from '../ports.ts';
import { dependencyFault, isName } from './npm-names.ts';

type Json = Record<string, unknown>;

const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
/** What of package.json decides what is installed. */
const kept = [...kinds, 'name', 'version', 'type', 'engines', 'os', 'cpu', 'overrides', 'peerDependenciesMeta', 'bundleDependencies', 'bundledDependencies', 'acceptDependencies'];
/** npm prefers the first. */
export const locks = ['npm-shrinkwrap.json', 'package-lock.json'] as const;

export const lockOf = ({ path, files }: Manifest): string | undefined => locks.map((name) => posix.join(posix.dirname(path), name)).find((lock) => files.has(lock));

/** @throws ProtocolError InvalidParams where it asks for something that no registry has */
export function checkManifest(text: string): void {
  const read = parse('package.json', text);
  if (read.workspaces !== undefined) throw invalidParam('manifest', 'package.json has workspaces, which are folders and not in a registry. Choose the package.json of one of them.');
  for (const kind of kinds) {
    for (const [name, spec] of Object.entries(asObject(read[kind], `package.json: ${kind}`))) {
      const fault = isName(name) ? dependencyFault(spec) : 'is no name of an npm package';
      if (fault) throw invalidParam('manifest', `package.json, ${kind}: ${JSON.stringify(name)}: ${typeof spec === 'string' ? `${JSON.stringify(spec)} ` : ''}${fault}`);
    }
  }
  checkOverrides(read.overrides ?? {}, 0);
}

function checkOverrides(overrides: unknown, depth: number): void {
  if (depth > 20) throw invalidParam('manifest', 'package.json, overrides: they are nested too deeply');
  for (const [name, spec] of Object.entries(asObject(overrides, 'package.json: overrides'))) {
    if (typeof spec === 'object') checkOverrides(spec, depth + 1);
    else if (typeof spec !== 'string' || !/^\$[\w@/.-]+$/.test(spec)) {
      const fault = dependencyFault(spec);
      if (fault) throw invalidParam('manifest', `package.json, overrides: ${JSON.stringify(name)} ${fault}`);
    }
  }
}

/** @throws ProtocolError InvalidParams */
export function checkLock(name: string, text: string): void {
  for (const [place, entry] of entriesOf(parse(name, text))) {
    const { resolved, version } = entry;
    if (entry.link === true) throw invalidParam('manifest', `${name}: ${place} is a link to a folder; only packages of registries can be installed`);
    for (const address of [resolved, version]) {
      if (typeof address !== 'string' || !/[:/]/.test(address) || /^(?:https?:\/\/|npm:)/.test(address)) continue;
      throw invalidParam('manifest', `${name}: ${place} comes from ${JSON.stringify(address.slice(0, 200))}; only packages of registries can be installed`);
    }
  }
}

/** The package.json that is installed. Its own scripts belong to files that are not there. */
export function bareManifest(text: string): string {
  const read = parse('package.json', text);
  return JSON.stringify(Object.fromEntries(kept.flatMap((key) => (read[key] === undefined ? [] : [[key, read[key]]]))));
}

/** The same lock file with the addresses of mirrors. An address that no mirror has is left out, so that npm asks the registry for it. */
export function mirroredLock(name: string, text: string, registries: readonly Reachable[]): string {
  const read = parse(name, text);
  for (const [, entry] of entriesOf(read)) {
    if (typeof entry.resolved !== 'string') continue;
    const address = mirrored(entry.resolved, registries);
    if (address === undefined) delete entry.resolved;
    else entry.resolved = address;
  }
  return JSON.stringify(read);
}

/** npm means by an address of its own registry the registry with which it is set up, whatever that is. */
const OWN = /^https?:\/\/registry\.(?:npmjs\.org|yarnpkg\.com)\//;

function mirrored(address: string, registries: readonly Reachable[]): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || url.username || url.password) return undefined;
  const same = registries.find(({ origin }) => new URL(origin).origin === url.origin);
  if (same) return new URL(url.pathname + url.search, same.url).href;
  const main = registries.find(({ scope }) => scope === undefined);
  return main && OWN.test(address) ? main.url.replace(/\/?$/, url.pathname) : undefined;
}

/** Every package of a lock file, of each version of its format, with where it stands. */
function* entriesOf(lock: Json): Generator<[place: string, entry: Json]> {
  for (const [place, entry] of Object.entries(asObject(lock.packages, 'packages'))) {
    if (place !== '') yield [place, asObject(entry, place)];
  }
  const toRead = [{ dependencies: lock.dependencies, depth: 0 }];
  for (let next = toRead.pop(); next; next = toRead.pop()) {
    if (next.depth > 200) throw invalidParam('manifest', 'the lock file is nested too deeply');
    for (const [place, entry] of Object.entries(asObject(next.dependencies, 'dependencies'))) {
      const read = asObject(entry, place);
      yield [place, read];
      toRead.push({ dependencies: read.dependencies, depth: next.depth + 1 });
    }
  }
}

function parse(name: string, text: string): Json {
  try {
    return asObject(JSON.parse(text.replace(/^\ufeff/, '')), name);
  } catch (fault) {
    throw fault instanceof SyntaxError ? invalidParam('manifest', `${name} is not valid JSON: ${fault.message}`) : fault;
  }
}

function asObject(value: unknown, name: string): Json {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidParam('manifest', `${name} is no object`);
  return value as Json;
}
