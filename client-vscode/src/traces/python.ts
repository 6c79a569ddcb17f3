/**
 * Reads the tracebacks of Python: the frames from the outermost inwards, then the message. Of several
 * tracebacks, the last one is the one that ended the program: it comes first in the result.
 *
 *     Traceback (most recent call last):
 *       File "/workspace/a.py", line 3, in <module>
 *     ZeroDivisionError: division by zero
 */
import { type Frame, frameOf, type Trace } from './frame.ts';

const frame = /^\s+File "(?<path>[^"]+)", line (?<line>\d+)/;
/** A line without indentation that begins with the name of an exception. */
const message = /^(?:[\w.]+(?:Error|Exception|Exit|Interrupt|Iteration|Warning|Group)\b|[A-Za-z_][\w.]*: ).*/;

export function pythonTraces(lines: readonly string[]): readonly Trace[] {
  const traces: Trace[] = [];
  let frames: Frame[] = [];
  for (const line of lines) {
    const found = frame.exec(line);
    if (found) frames.unshift(frameOf(found));
    else if (frames.length > 0 && message.test(line)) {
      traces.unshift({ message: line, frames });
      frames = [];
    } else if (/^Traceback /.test(line)) frames = [];
  }
  return traces;
}
