/** What a rule is: a pattern of a syntax tree, what it means, and examples that a test runs. */
import type { ScanCategory, ScanSeverity } from '../protocol/index.ts';

export interface Rule {
  /** What stands before the slash says to which languages it belongs. */
  readonly id: string;
  readonly category: ScanCategory;
  readonly severity: ScanSeverity;
  /** What was found, and what is better. */
  readonly message: string;
  /** The number of the weakness in the list CWE. */
  readonly cwe: number;
  /** A query of tree-sitter. What it captures as `@at` is where the finding is. */
  readonly query: string;
  /** Programs in which it finds something, each exactly once. */
  readonly found: readonly string[];
  /** Programs like those in which it finds nothing. */
  readonly clean: readonly string[];
}

/** The names of the grammars' files, without what all of them have in common. */
export type Grammar = 'python' | 'javascript' | 'typescript' | 'tsx' | 'go' | 'c-sharp' | 'ruby' | 'bash';

export function urlOf({ cwe }: Pick<Rule, 'cwe'>): string {
  return `https://cwe.mitre.org/data/definitions/${cwe}.html`;
}
