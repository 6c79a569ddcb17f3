/** The languages whose programs can be debugged. What debugs them is a file here. */
import type { LanguageId } from '../../protocol/index.ts';
import type { DebugLanguage } from '../adapter.ts';
import { go } from './go.ts';
import { javascript, typescript } from './node.ts';
import { python } from './python.ts';
import { ruby } from './ruby.ts';

export const debugLanguages: readonly DebugLanguage[] = [python, javascript, typescript, go, ruby];

/** Why the others cannot be debugged. */
const reasons: Readonly<Partial<Record<LanguageId, string>>> = {
  csharp: 'C# cannot be debugged: the debugger of .NET (vsdbg) may be used in the editors of Microsoft alone, and that of Mono does not speak the Debug Adapter Protocol',
};

export function reasonOf(language: LanguageId): string {
  return reasons[language] ?? `CodeBeaker has no debugger for ${language}`;
}

export function debuggerOf(language: LanguageId): DebugLanguage | undefined {
  return debugLanguages.find((each) => each.language === language);
}
