/** Maps the editor's language ids to the protocol's. */
import type { LanguageId } from 'codebeaker/protocol';

const extensions: Readonly<Record<LanguageId, string>> = {
  python: '.py',
  javascript: '.js',
  typescript: '.ts',
  go: '.go',
  csharp: '.cs',
  ruby: '.rb',
  shellscript: '.sh',
};

/** The protocol uses VS Code's own ids. @returns undefined if the language cannot be run */
export function languageOf(editorLanguage: string): LanguageId | undefined {
  return Object.hasOwn(extensions, editorLanguage) ? (editorLanguage as LanguageId) : undefined;
}

export function extensionOf(language: LanguageId): string {
  return extensions[language];
}
