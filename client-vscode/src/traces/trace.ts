/** Finds the traces in a program's output that tell where it failed. */
import type { LanguageId } from 'codebeaker/protocol';
import { csharpTraces } from './csharp.ts';
import type { Trace, TraceReader } from './frame.ts';
import { goTraces } from './go.ts';
import { javascriptTraces } from './javascript.ts';
import { pythonTraces } from './python.ts';
import { rubyTraces } from './ruby.ts';
import { shellTraces } from './shell.ts';

/** A language without a reader has no traces. */
const readers: Readonly<Partial<Record<LanguageId, TraceReader>>> = {
  python: pythonTraces,
  javascript: javascriptTraces,
  typescript: javascriptTraces,
  go: goTraces,
  csharp: csharpTraces,
  ruby: rubyTraces,
  shellscript: shellTraces,
};

/** A compiler may print thousands of errors. */
const MAX_TRACES = 100;

export function findTraces(language: LanguageId, output: string): readonly Trace[] {
  const lines = withoutEscapes(output).split(/\r?\n/);
  return (readers[language]?.(lines) ?? []).filter(({ frames }) => frames.length > 0).slice(0, MAX_TRACES);
}

/** Removes colours and other escape sequences. */
function withoutEscapes(text: string): string {
  return text.replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g, '');
}
