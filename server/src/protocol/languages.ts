/** The languages, by VS Code's ids for them. How each is run is in runtime/languages.ts. */
import * as z from 'zod/mini';

export interface Language {
  /** Of its source files, with their dot; the first is what a file gets that has no name. */
  readonly extensions: readonly string[];
  /** Its official image, slim where there is one, at a tag that moves with its releases. The configuration may name another. */
  readonly image: string;
}

export const languages = {
  python: { extensions: ['.py'], image: 'python:3-slim' },
  javascript: { extensions: ['.js', '.mjs', '.cjs'], image: 'node:lts-slim' },
  typescript: { extensions: ['.ts', '.mts', '.cts'], image: 'node:lts-slim' },
  go: { extensions: ['.go'], image: 'golang:1' },
  csharp: { extensions: ['.cs'], image: 'mcr.microsoft.com/dotnet/sdk:10.0' },
  ruby: { extensions: ['.rb'], image: 'ruby:3-slim' },
  shellscript: { extensions: ['.sh'], image: 'debian:stable-slim' },
} as const satisfies Readonly<Record<string, Language>>;

export type LanguageId = keyof typeof languages;
export const languageIds = Object.keys(languages) as readonly LanguageId[];
export const LanguageId = z.enum(languageIds);
