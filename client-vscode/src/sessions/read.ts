/** Reads a file of a sandbox in pieces, so that its size does not matter. */
import type { Connection } from '../client/connection.ts';

const PIECE_BYTES = 8 * 1024 * 1024;

/** @throws what the daemon answers */
export async function* readPieces(connection: Connection, sessionId: string, path: string): AsyncGenerator<{ readonly bytes: Buffer; readonly size: number }> {
  for (let offset = 0; ; ) {
    const piece = await connection.request('command/readFile', { sessionId, path, encoding: 'base64', offset, length: PIECE_BYTES });
    const bytes = Buffer.from(piece.content, 'base64');
    yield { bytes, size: piece.size };
    offset += bytes.length;
    if (piece.eof || bytes.length === 0) return;
  }
}
