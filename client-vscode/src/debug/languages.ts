/** The languages for which CodeBeaker has a debugger. Whether one works in a sandbox shows when it is started there. */
import type { LanguageId } from 'codebeaker/protocol';

export const debuggableLanguages: readonly LanguageId[] = ['python', 'javascript', 'typescript', 'go', 'ruby'];
