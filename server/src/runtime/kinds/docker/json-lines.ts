/** Splits a stream of the engine, which has one JSON object in each line, into lines. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const MAX_LINE_LENGTH = 1024 * 1024;

/** All lines but the empty ones. @throws Error where a line is too long */
export async function* lines(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const parts = (rest + decoder.write(chunk as Buffer)).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > MAX_LINE_LENGTH) throw new Error('the engine sent a line that is too long');
    yield* parts.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}
