/** The languages whose programs can be debugged. What debugs them is a file here. */
import type { LanguageId } from '../../protocol/index.ts';
import type { DebugLanguage } from '../adapter.ts';
import { javascript, typescript } from './node.ts';
import { python } from './python.ts';

export const debugLanguages: readonly DebugLanguage[] = [python, javascript, typescript];

export function debuggerOf(language: LanguageId): DebugLanguage | undefined {
  return debugLanguages.find((each) => each.language === language);
}
