/** The one table of rules: for each language its grammars, and the rules that hold in it. */
import type { LanguageId } from '../../protocol/index.ts';
import type { Grammar, Rule } from '../rule.ts';
import { javascript } from './javascript.ts';
import { python } from './python.ts';

export interface LanguageRules {
  /** The grammar for a file with this extension, else the first one. */
  readonly grammars: Readonly<Partial<Record<Grammar, readonly string[]>>>;
  readonly rules: readonly Rule[];
}

export const rulesOf: Readonly<Record<LanguageId, LanguageRules>> = {
  python: { grammars: { python: [] }, rules: python },
  javascript: { grammars: { javascript: [] }, rules: javascript },
  typescript: { grammars: { typescript: [], tsx: ['.tsx'] }, rules: javascript },
  go: { grammars: { go: [] }, rules: [] },
  csharp: { grammars: { 'c-sharp': [] }, rules: [] },
  ruby: { grammars: { ruby: [] }, rules: [] },
  shellscript: { grammars: { bash: [] }, rules: [] },
};
