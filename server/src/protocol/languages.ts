/** The languages, by the ids that VS Code gives them. How the programs of a language are run is in runtime/languages.ts. */
import * as z from 'zod/mini';
import { later } from './later.ts';

export interface Language {
  /** The extensions of its source files, with the dot, in lower case. A file without a name gets the first one. */
  readonly extensions: readonly string[];
  /**
   * Its official OCI image, in the slim variant where there is one, at a tag that follows its releases. The
   * configuration may name another image.
   */
  readonly image: string;
}

export const languages = {
  python: { extensions: ['.py', '.pyw'], image: 'python:3-slim' },
  javascript: { extensions: ['.js', '.mjs', '.cjs', '.jsx'], image: 'node:lts-slim' },
  typescript: { extensions: ['.ts', '.mts', '.cts', '.tsx'], image: 'node:lts-slim' },
  go: { extensions: ['.go'], image: 'golang:1' },
  csharp: { extensions: ['.cs'], image: 'mcr.microsoft.com/dotnet/sdk:10.0' },
  ruby: { extensions: ['.rb'], image: 'ruby:3-slim' },
  shellscript: { extensions: ['.sh', '.bash'], image: 'debian:stable-slim' },
} as const satisfies Readonly<Record<string, Language>>;

export type LanguageId = keyof typeof languages;
export const languageIds = Object.keys(languages) as readonly LanguageId[];
export const LanguageId = later(() => z.enum(languageIds));
