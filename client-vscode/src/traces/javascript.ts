/**
 * Reads the stack traces of Node and Deno: the message, then the frames from the innermost outwards. Node prints the place
 * of a syntax error before the message.
 *
 *     /workspace/a.js:3                           error: Uncaught (in promise) Error: boom
 *         throw new Error('boom');                    at f (file:///workspace/a.ts:3:9)
 *     Error: boom
 *         at f (/workspace/a.js:3:9)
 */
import { type Frame, frameOf, type Trace } from './frame.ts';

const frame = /^\s+at (?:async )?(?:.*\()?(?<path>(?:file:\/\/)?\/[^()]*?):(?<line>\d+):(?<column>\d+)\)?$/;
const place = /^(?<path>(?:file:\/\/)?\/.*?):(?<line>\d+)$/;
const message = /^(?:error: )?(?:Uncaught )?(?:\(in promise\) )?(?<text>(?:[\w$.]*(?:Error|Exception)\b|The module's source code could not be parsed).*)/;

export function javascriptTraces(lines: readonly string[]): readonly Trace[] {
  const traces: { message: string; frames: Frame[] }[] = [];
  let placeBefore: Frame | undefined;
  for (const line of lines) {
    const said = message.exec(line)?.groups?.text;
    if (said !== undefined) traces.push({ message: said, frames: [] });
    const current = traces.at(-1);
    const found = frame.exec(line);
    if (found && current) current.frames.push(frameOf(found));
    const placed = place.exec(line);
    if (placed) placeBefore = frameOf(placed);
    if (said?.startsWith('SyntaxError') && placeBefore && current) current.frames.push(placeBefore);
    const inMessage = said === undefined ? null : / at (?<path>file:\/\/\/\S+?):(?<line>\d+):(?<column>\d+)/.exec(said);
    if (inMessage && current) current.frames.push(frameOf(inMessage));
  }
  return traces;
}
