/**
 * Reads the errors of C# compilers and the stack traces of .NET and Mono.
 *
 *     a.cs(3,5): error CS0103: The name 'x' …     Unhandled exception. System.Exception: boom
 *                                                    at Program.Main() in /workspace/a.cs:line 3
 */
import { type Frame, frameOf, type Trace } from './frame.ts';

const compile = /^(?<path>[^\s(][^(]*\.cs)\((?<line>\d+),(?<column>\d+)[^)]*\): error (?<text>\w+: .+?)(?: \[.*\])?$/;
const exception = /^(?:Unhandled [Ee]xception[.:] )?(?<text>(?:[A-Z]\w*\.)*\w*Exception\b.*)/;
const frame = /^\s+at .* in (?<path>.+\.cs):(?:line )?(?<line>\d+)/;

export function csharpTraces(lines: readonly string[]): readonly Trace[] {
  const traces: { message: string; frames: Frame[] }[] = [];
  const seen = new Set<string>();
  for (const line of lines) {
    const error = compile.exec(line);
    // dotnet prints each error twice.
    if (error && !seen.has(line)) traces.push({ message: error.groups?.text ?? '', frames: [frameOf(error)] });
    seen.add(line);
    const thrown = exception.exec(line)?.groups?.text;
    if (thrown !== undefined) traces.push({ message: thrown, frames: [] });
    const found = frame.exec(line);
    if (found) traces.at(-1)?.frames.push(frameOf(found));
  }
  return traces;
}
