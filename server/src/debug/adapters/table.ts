/** The languages whose programs can be debugged. Each is a file here. */
import type { LanguageId } from '../../protocol/index.ts';
import type { DebugLanguage } from '../adapter.ts';
import { python } from './python.ts';

export const debugLanguages: readonly DebugLanguage[] = [python];

export function debuggerOf(language: LanguageId): DebugLanguage | undefined {
  return debugLanguages.find((each) => each.language === language);
}
