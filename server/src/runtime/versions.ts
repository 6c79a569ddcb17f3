/** Comparing version numbers. */

export type Version = readonly [major: number, minor: number];

/** `version` as programs print it: 2.8.1, 5.15.0-91-generic. One that can't be read counts as 0.0. */
export function isAtLeast(version: string, [leastMajor, leastMinor]: Version): boolean {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
