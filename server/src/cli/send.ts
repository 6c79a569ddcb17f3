/** Sends files into a session, in pieces that no message is too small for, several files at once. */
import type { Stats } from 'node:fs';
import { WriteFile } from '../protocol/index.ts';

/** By this it can be told whether a file is still the same. */
export type Original = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs'>;

export interface Outgoing {
  /** Its path in the sandbox, below /workspace. */
  readonly path: string;
  /** How many bytes of it are sent at most. */
  readonly size: number;
  readonly executable: boolean;
  /** What the file was like on this machine; undefined if its content does not come from there. */
  readonly original?: Original;
  pieces(): AsyncIterable<Buffer> | Iterable<Buffer>;
}

const PIECE_BYTES = 1024 * 1024;
const MAX_AT_ONCE = 8;

/** Sends a request. Rejects where there is no result. */
export type Ask = (method: string, params: object) => Promise<unknown>;

/** @throws the error of the first file that could not be read or sent */
export async function sendFiles(ask: Ask, sessionId: string, files: readonly Outgoing[]): Promise<void> {
  const waiting = [...files];
  const sender = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) await sendFile(ask, sessionId, file);
  };
  await Promise.all(Array.from({ length: Math.min(MAX_AT_ONCE, files.length) }, sender));
}

async function sendFile(ask: Ask, sessionId: string, { path, size, executable, pieces }: Outgoing): Promise<void> {
  const write = (bytes: Buffer, mode: 'overwrite' | 'append') =>
    ask(WriteFile.name, { sessionId, path, content: bytes.toString('base64'), encoding: 'base64', mode, ...(executable && { executable }) });
  let mode: 'overwrite' | 'append' = 'overwrite';
  let left = size;
  for await (const chunk of pieces()) {
    for (let at = 0; at < chunk.length && left > 0; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, Math.min(at + PIECE_BYTES, at + left));
      left -= piece.length;
      await write(piece, mode);
      mode = 'append';
    }
    if (left === 0) break;
  }
  if (mode === 'overwrite') await write(Buffer.alloc(0), mode);
}
