/** Which of the protocol's languages a document is in. */
import type { LanguageId } from 'codebeaker/protocol';

const languages: ReadonlySet<string> = new Set<LanguageId>(['python', 'javascript', 'typescript', 'go', 'csharp', 'ruby', 'shellscript']);

const extensions: Readonly<Record<LanguageId, string>> = {
  python: '.py',
  javascript: '.js',
  typescript: '.ts',
  go: '.go',
  csharp: '.cs',
  ruby: '.rb',
  shellscript: '.sh',
};

/** The names are VS Code's own. */
export function languageOf(editorLanguage: string): LanguageId | undefined {
  return languages.has(editorLanguage) ? (editorLanguage as LanguageId) : undefined;
}

export function extensionOf(language: LanguageId): string {
  return extensions[language];
}
