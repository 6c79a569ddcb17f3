/**
 * Reads the errors of the Go compiler and the stack trace of a panic.
 *
 *     ./a.go:5:2: undefined: x                    panic: boom
 *                                                 main.main()
 *                                                 	/workspace/a.go:5 +0x1d
 */
import { type Frame, frameOf, type Trace } from './frame.ts';

const compile = /^(?<path>[^\s:][^:]*\.go):(?<line>\d+)(?::(?<column>\d+))?: (?<text>.+)/;
const panic = /^(?:panic|fatal error): .*/;
const frame = /^\t(?<path>\/\S+\.go):(?<line>\d+)/;

export function goTraces(lines: readonly string[]): readonly Trace[] {
  const traces: { message: string; frames: Frame[] }[] = [];
  for (const line of lines) {
    const error = compile.exec(line);
    if (error) traces.push({ message: error.groups?.text ?? '', frames: [frameOf(error)] });
    else if (panic.test(line)) traces.push({ message: line, frames: [] });
    const found = frame.exec(line);
    if (found) traces.at(-1)?.frames.push(frameOf(found));
  }
  return traces;
}
