/** What a program prints, as events. Only bytes of its own standard streams get here, so nothing that it prints is a message. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** How much text one event has at most, in UTF-16 units. */
const MAX_EVENT = 64 * 1024;

/** Node says this on stderr at the end of a debugged program, and the program does not mean it. */
const FAREWELL = 'Waiting for the debugger to disconnect...\n';

/** The end of the text that may be the beginning of the farewell. */
function tailOf(text: string): number {
  for (let from = Math.max(0, text.length - FAREWELL.length); from < text.length; from += 1) {
    if (FAREWELL.startsWith(text.slice(from))) return from;
  }
  return text.length;
}

/** @param isErrors whether it is the stream on which Node says its farewell @param emit is given text that is not empty */
export function tellOutput(stream: Readable, isErrors: boolean, emit: (text: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let held = '';
  const tell = (text: string) => {
    for (let at = 0; at < text.length; at += MAX_EVENT) emit(text.slice(at, at + MAX_EVENT));
  };
  stream.on('data', (chunk: Buffer) => {
    const text = held + decoder.write(chunk);
    const from = isErrors ? tailOf(text) : text.length;
    held = text.slice(from);
    tell(text.slice(0, from));
  });
  stream.on('end', () => {
    const rest = held + decoder.end();
    tell(rest === FAREWELL ? '' : rest);
  });
  stream.on('error', () => undefined);
}
