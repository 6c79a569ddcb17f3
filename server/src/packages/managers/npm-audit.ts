/** Reads what `npm audit --json` prints, of npm 7 and later. */
import type { Advisory } from '../ports.ts';

const severities = ['low', 'moderate', 'high', 'critical'] as const;
const MAX_ADVISORIES = 1000;

/** @throws Error where it is something else */
export function readAudit(stdout: string): Advisory[] {
  const { vulnerabilities } = JSON.parse(stdout) as { vulnerabilities?: unknown };
  if (typeof vulnerabilities !== 'object' || vulnerabilities === null) throw new Error('npm did not say what it found');
  const found = new Map<string, Advisory>();
  for (const each of Object.values(vulnerabilities)) {
    const { via } = (each ?? {}) as { via?: unknown };
    for (const cause of Array.isArray(via) ? (via as unknown[]) : []) {
      const advisory = advisoryOf(cause);
      if (advisory) found.set(`${advisory.id}\0${advisory.package}`, advisory);
    }
  }
  return [...found.values()].slice(0, MAX_ADVISORIES);
}

/** A cause that is a text is another package, which has causes of its own. */
function advisoryOf(cause: unknown): Advisory | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined;
  const { source, name, title, url, severity, range } = cause as Record<string, unknown>;
  if (typeof name !== 'string') return undefined;
  const address = typeof url === 'string' && /^https:\/\//.test(url) ? url.slice(0, 500) : undefined;
  // Such as `<1.3.0` or `>=1.0.0 <1.3.0`.
  const fixedIn = typeof range === 'string' ? /(?:^|\s)<\s*([\w.+-]{1,100})$/.exec(range)?.[1] : undefined;
  return {
    id: /GHSA-[\w-]+/.exec(address ?? '')?.[0] ?? String(source).slice(0, 100),
    package: name.slice(0, 300),
    severity: severities.find((each) => each === severity) ?? 'unknown',
    summary: typeof title === 'string' ? title.slice(0, 500) : '',
    ...(address === undefined ? {} : { url: address }),
    ...(fixedIn === undefined ? {} : { fixedIn }),
  };
}
