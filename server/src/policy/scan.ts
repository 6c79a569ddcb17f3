/** What scanning does with the findings in a text: which count, how bad they are, and which of them are refused. */
import { type Config, type ScanCategory, type ScanMode, scanModes, type ScanSeverity, scanSeverities } from '../protocol/index.ts';

export interface ScanPolicy {
  readonly mode: ScanMode;
  /** What is refused: findings of this severity or a worse one, and those of a category. */
  readonly block: { readonly severity: ScanSeverity | undefined; readonly categories: readonly ScanCategory[] };
  /** For each rule that does not count as it is: `off`, or its severity. */
  readonly rules: Readonly<Record<string, 'off' | ScanSeverity>>;
  /** What project files and clients have raised on top of that: a rule is at least as bad as this. */
  readonly raised: Readonly<Record<string, ScanSeverity>>;
  /** Larger texts are not scanned. */
  readonly maxBytes: number;
}

/** What is judged of a finding. */
export interface Judged {
  readonly rule: string;
  readonly category: ScanCategory;
  readonly severity: ScanSeverity;
}

const DEFAULT_MAX_BYTES = 256 * 1024;

export function scanPolicy({ scan = {} }: Config): ScanPolicy {
  return {
    mode: scan.mode ?? 'advise',
    block: blockOf(scan.block) ?? { severity: 'error', categories: [] },
    rules: scan.rules ?? {},
    raised: {},
    maxBytes: scan.maxBytes ?? DEFAULT_MAX_BYTES,
  };
}

/** Nothing that the policy refuses, or tells of, is let through because of `scan`. */
export function narrowScan(policy: ScanPolicy, { scan }: Config): ScanPolicy {
  if (!scan) return policy;
  const mode = stricter(policy.mode, scan.mode ?? 'off');
  const asked = blockOf(scan.block);
  return {
    mode,
    block: policy.mode === 'block' ? both(policy.block, asked) : (asked ?? policy.block),
    rules: policy.rules,
    raised: { ...policy.raised, ...Object.fromEntries(Object.entries(scan.rules ?? {}).flatMap(([rule, severity]) => (severity === 'off' ? [] : [[rule, worse(severity, policy.raised[rule])]]))) },
    // What is larger than that is refused already.
    maxBytes: policy.mode === 'block' ? policy.maxBytes : Math.max(policy.maxBytes, scan.maxBytes ?? 0),
  };
}

/** The findings that count, each with the severity that it has by the policy. */
export function judge<F extends Judged>({ rules, raised }: ScanPolicy, findings: readonly F[]): F[] {
  return findings.flatMap((finding) => {
    const own = rules[finding.rule] ?? finding.severity;
    const severity = own === 'off' ? raised[finding.rule] : worse(own, raised[finding.rule]);
    return severity === undefined ? [] : [{ ...finding, severity }];
  });
}

/** Those for which a run is refused, out of findings that have been judged. */
export function blocked<F extends Judged>({ mode, block }: ScanPolicy, findings: readonly F[]): F[] {
  if (mode !== 'block') return [];
  return findings.filter(({ severity, category }) => (block.severity !== undefined && isAtLeast(severity, block.severity)) || block.categories.includes(category));
}

export function isAtLeast(severity: ScanSeverity, bound: ScanSeverity): boolean {
  return scanSeverities.indexOf(severity) <= scanSeverities.indexOf(bound);
}

function worse(severity: ScanSeverity, other: ScanSeverity | undefined): ScanSeverity {
  return other !== undefined && isAtLeast(other, severity) ? other : severity;
}

function milder(a: ScanSeverity | undefined, b: ScanSeverity | undefined): ScanSeverity | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isAtLeast(a, b) ? b : a;
}

function stricter(a: ScanMode, b: ScanMode): ScanMode {
  return scanModes.indexOf(a) >= scanModes.indexOf(b) ? a : b;
}

type Block = ScanPolicy['block'];

function blockOf(block: NonNullable<Config['scan']>['block']): Block | undefined {
  if (!block) return undefined;
  return { severity: block.severity ?? (block.categories ? undefined : 'error'), categories: block.categories ?? [] };
}

function both(a: Block, b: Block | undefined): Block {
  return b ? { severity: milder(a.severity, b.severity), categories: [...new Set([...a.categories, ...b.categories])] } : a;
}
