/** What is scanned, and what is found in it. */
import type { Diagnostic, LanguageId, ScanCategory, ScanSeverity } from '../protocol/index.ts';

export interface Text {
  readonly language: LanguageId;
  /** Its extension may say more of the language. */
  readonly path?: string | undefined;
  readonly code: string;
}

export interface Finding {
  /** The id of the rule. */
  readonly rule: string;
  readonly category: ScanCategory;
  readonly severity: ScanSeverity;
  /** Says what was found and what is better. It contains no credential. */
  readonly message: string;
  readonly url?: string | undefined;
  /** In UTF-16 code units. */
  readonly range: Diagnostic['range'];
}

/** A text has no more findings than this; of the others each rule still has its first ones. */
export const MAX_FINDINGS = 100;
