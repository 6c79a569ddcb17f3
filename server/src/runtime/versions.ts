/** Comparing version numbers. */

export type Version = readonly [major: number, minor: number];

/** `version` as programs print it: 2.8.1, 5.15.0-91-generic. One that can't be read counts as 0.0. */
export function isAtLeast(version: string, [leastMajor, leastMinor]: Version): boolean {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/**
 * Negative if `a` comes before `b`. Numbers are compared as numbers, also those within a prerelease: 1.0.0-rc7 comes before
 * 1.0.0-rc95, and both before 1.0.0. What follows a + does not count.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = compareParts(left[at], right[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

const partsOf = (version: string) => version.replace(/\+.*$/, '').toLowerCase().match(/\d+|[a-z]+/g)?.filter((part) => part !== 'v') ?? [];

/** The word of a prerelease comes before a number, and before nothing; any other, such as `post` or the name of a distribution, comes after nothing. */
function compareParts(a: string | undefined, b: string | undefined): number {
  const [left, right] = [rankOf(a), rankOf(b)];
  if (left !== right || left >= 0) return left - right;
  return (a ?? '').localeCompare(b ?? '', 'en');
}

function rankOf(part = '0'): number {
  if (/^\d/.test(part)) return Number(part);
  return /^(?:a|alpha|b|beta|c|rc|pre|preview|dev)$/.test(part) ? -1 : 0.5;
}
