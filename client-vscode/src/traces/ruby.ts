/**
 * Reads the backtraces of Ruby: the innermost place with the message, then the callers.
 *
 *     /workspace/a.rb:2:in 'f': boom (RuntimeError)
 *     	from /workspace/a.rb:5:in '<main>'
 */
import { type Frame, frameOf, type Trace } from './frame.ts';

const first = /^(?<path>[^\s:][^:]*\.rb):(?<line>\d+):(?:in [`'].*?':)? ?(?<text>\S.*)$/;
const from = /^\s+(?:\d+: )?from (?<path>[^\s:][^:]*\.rb):(?<line>\d+)/;

export function rubyTraces(lines: readonly string[]): readonly Trace[] {
  const traces: { message: string; frames: Frame[] }[] = [];
  for (const line of lines) {
    const said = first.exec(line);
    if (said) traces.push({ message: said.groups?.text ?? '', frames: [frameOf(said)] });
    const found = from.exec(line);
    if (found) traces.at(-1)?.frames.push(frameOf(found));
  }
  return traces;
}
