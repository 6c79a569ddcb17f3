/**
 * Reads the errors of C# compilers and the stack traces of .NET and Mono.
 *
 *     a.cs(3,5): error CS0103: The name 'x' …     Unhandled exception. System.Exception: boom
 *                                                    at Program.Main() in /workspace/a.cs:line 3
 */
import { type Frame, frameOf, type Trace } from './frame.ts';

const compilerError = /^(?<path>[^\s(][^(]*\.cs)\((?<line>\d+),(?<column>\d+)[^)]*\): error (?<text>\w+: .+?)(?: \[.*\])?$/;
const exception = /^(?:Unhandled [Ee]xception[.:] |\[ERROR\] FATAL UNHANDLED EXCEPTION: )?(?<text>[\w.]*Exception\b.*)/;
const frame = /^\s+at .* in (?<path>.+\.cs):(?:line )?(?<line>\d+)/;

export function csharpTraces(lines: readonly string[]): readonly Trace[] {
  const traces: { message: string; frames: Frame[] }[] = [];
  // dotnet prints each error of the compiler twice, and Mono each exception.
  const seen = new Set<string>();
  let repeated = false;
  for (const line of lines) {
    const error = compilerError.exec(line);
    const thrown = exception.exec(line)?.groups?.text;
    if (error && !seen.has(line)) traces.push({ message: error.groups?.text ?? '', frames: [frameOf(error)] });
    else if (thrown !== undefined) {
      repeated = seen.has(thrown);
      if (!repeated) traces.push({ message: thrown, frames: [] });
    }
    seen.add(line).add(thrown ?? line);
    const found = frame.exec(line);
    if (found && !repeated) traces.at(-1)?.frames.push(frameOf(found));
  }
  return traces;
}
