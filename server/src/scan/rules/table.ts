/** The one table of rules: for each language its grammars, and the rules that hold in it. */
import type { LanguageId } from '../../protocol/index.ts';
import type { Grammar, Rule } from '../rule.ts';
import { csharp } from './csharp.ts';
import { go } from './go.ts';
import { javascript } from './javascript.ts';
import { python } from './python.ts';
import { ruby } from './ruby.ts';
import { shellscript } from './shellscript.ts';

export interface LanguageRules {
  /** For each grammar the extensions of its files. The first one is for all others. */
  readonly grammars: Readonly<Partial<Record<Grammar, readonly string[]>>>;
  readonly rules: readonly Rule[];
}

export const rulesOf: Readonly<Record<LanguageId, LanguageRules>> = {
  python: { grammars: { python: [] }, rules: python },
  javascript: { grammars: { javascript: [] }, rules: javascript },
  typescript: { grammars: { typescript: [], tsx: ['.tsx'] }, rules: javascript },
  go: { grammars: { go: [] }, rules: go },
  csharp: { grammars: { 'c-sharp': [] }, rules: csharp },
  ruby: { grammars: { ruby: [] }, rules: ruby },
  shellscript: { grammars: { bash: [] }, rules: shellscript },
};
