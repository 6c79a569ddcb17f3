/** What a program's last words say about where it failed. */
import type { LanguageId } from 'codebeaker/protocol';
import { csharpTraces } from './csharp.ts';
import type { Trace, TraceReader } from './frame.ts';
import { goTraces } from './go.ts';
import { javascriptTraces } from './javascript.ts';
import { pythonTraces } from './python.ts';
import { rubyTraces } from './ruby.ts';

const readers: Readonly<Partial<Record<LanguageId, TraceReader>>> = {
  python: pythonTraces,
  javascript: javascriptTraces,
  typescript: javascriptTraces,
  go: goTraces,
  csharp: csharpTraces,
  ruby: rubyTraces,
};

/** More would be of no use to anybody. */
const MAX_TRACES = 100;

export function findTraces(language: LanguageId, output: string): readonly Trace[] {
  const lines = plain(output).split(/\r?\n/);
  return (readers[language]?.(lines) ?? []).filter(({ frames }) => frames.length > 0).slice(0, MAX_TRACES);
}

/** Without colours and what else is not text. */
export function plain(text: string): string {
  return text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g, '');
}
