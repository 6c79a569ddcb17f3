/** Reads what a service of the format OSV says of packages (https://ossf.github.io/osv-schema/). Nothing of it is trusted. */
import type { Severity } from '../../protocol/index.ts';
import { compareVersions } from '../../runtime/versions.ts';
import type { Advisory, Installed, ManagerId } from '../ports.ts';
import { baseScore, severityOf } from './cvss.ts';

const ecosystems: Readonly<Record<ManagerId, string>> = { npm: 'npm', pip: 'PyPI', gem: 'RubyGems', go: 'Go' };
const rated: Readonly<Record<string, Severity>> = { LOW: 'low', MODERATE: 'moderate', MEDIUM: 'moderate', HIGH: 'high', CRITICAL: 'critical' };

type Json = Record<string, unknown>;

/** The question about all of them at once. */
export function question(manager: ManagerId, installed: readonly Installed[]): string {
  const queries = installed.map(({ name, version }) => ({ package: { ecosystem: ecosystems[manager], name }, version: manager === 'go' ? version.replace(/^v/, '') : version }));
  return JSON.stringify({ queries });
}

/** The ids of what is known of each, in the order of the question. @throws Error where it is something else */
export function idsIn(answer: string, asked: number): string[][] {
  const { results } = JSON.parse(answer) as { results?: unknown };
  if (!Array.isArray(results) || results.length !== asked) throw new Error('the answer does not fit the question');
  return results.map((each) => listOf((each as Json | null)?.vulns).flatMap(({ id }) => (typeof id === 'string' && /^[A-Za-z0-9][\w.-]{0,99}$/.test(id) ? [id] : [])));
}

export interface Entry {
  readonly advisory: Advisory;
  /** All names of the same weakness. */
  readonly names: readonly string[];
}

/** One entry, as it concerns one package that was installed. @throws Error where it is something else */
export function entryFor({ name, version }: Installed, manager: ManagerId, answer: string): Entry | undefined {
  const read = JSON.parse(answer) as Json;
  const { id, summary, details, withdrawn } = read;
  if (typeof id !== 'string') throw new Error('an entry has no id');
  if (withdrawn !== undefined) return undefined;
  const affected = listOf(read.affected).filter(({ package: each }) => (each as Json | undefined)?.ecosystem === ecosystems[manager] && sameName((each as Json).name, name));
  const url = listOf(read.references).map((each) => each.url).find((each): each is string => typeof each === 'string' && /^https:\/\/\S{1,490}$/.test(each));
  const fixedIn = fixFor(version, affected);
  return {
    names: [id, ...(Array.isArray(read.aliases) ? read.aliases.filter((each): each is string => typeof each === 'string') : [])],
    advisory: {
      id: id.slice(0, 100), package: name, version, severity: severityIn(read, affected), summary: textIn(summary, details),
      ...(url === undefined ? {} : { url }), ...(fixedIn === undefined ? {} : { fixedIn }),
    },
  };
}

/** The same weakness has several names. The entry that says how bad it is counts, and tells of it once. */
export function once(entries: readonly Entry[]): Advisory[] {
  const kept: Entry[] = [];
  const rating = ({ advisory: { severity } }: Entry) => (severity === 'unknown' ? 1 : 0);
  for (const entry of [...entries].sort((a, b) => rating(a) - rating(b))) {
    const isSame = (other: Entry) => other.advisory.package === entry.advisory.package && other.advisory.version === entry.advisory.version && other.names.some((name) => entry.names.includes(name));
    if (!kept.some(isSame)) kept.push(entry);
  }
  return kept.map(({ advisory }) => advisory);
}

function severityIn(entry: Json, affected: readonly Json[]): Severity {
  const words = [entry, ...affected].map((each) => (each.database_specific as Json | undefined)?.severity);
  const word = words.map((each) => (typeof each === 'string' ? rated[each.toUpperCase()] : undefined)).find((each) => each !== undefined);
  if (word !== undefined) return word;
  const scores = [entry, ...affected].flatMap((each) => listOf(each.severity)).flatMap(({ score }) => (typeof score === 'string' ? (baseScore(score) ?? []) : []));
  return scores.length === 0 ? 'unknown' : severityOf(Math.max(...scores));
}

function textIn(summary: unknown, details: unknown): string {
  const text = typeof summary === 'string' && summary !== '' ? summary : typeof details === 'string' ? (details.trim().split('\n')[0] ?? '') : '';
  return text.replaceAll(/[\x00-\x1f\x7f]/g, ' ').slice(0, 500);
}

/** The lowest version above this one that has it no more. */
function fixFor(version: string, affected: readonly Json[]): string | undefined {
  const events = affected.flatMap(({ ranges }) => listOf(ranges)).filter(({ type }) => type !== 'GIT').flatMap((range) => listOf(range.events));
  const fixes = events.map(({ fixed }) => fixed).filter((fixed): fixed is string => typeof fixed === 'string' && /^[\w.+!-]{1,100}$/.test(fixed));
  return fixes.filter((fixed) => compareVersions(fixed, version) > 0).sort(compareVersions)[0];
}

/** Python's names are the same in capitals, and with - for _ and dots. */
function sameName(a: unknown, b: string): boolean {
  const plain = (name: string) => name.toLowerCase().replaceAll(/[-_.]+/g, '-');
  return typeof a === 'string' && plain(a) === plain(b);
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as unknown[]).filter((each): each is Json => typeof each === 'object' && each !== null) : [];
}
