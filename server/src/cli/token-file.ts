/** Reads the token of a daemon that listens from its file, which nobody else may be able to read. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { Token } from '../remote/token.ts';
import { UsageError } from './quantities.ts';

const MAX_BYTES = 4096;

/** @throws UsageError */
export function readToken(file: string, uid: number): Token {
  return new Token(readTokenText(file, uid));
}

/** The token itself, for whoever sends it. @throws UsageError */
export function readTokenText(file: string, uid: number): string {
  try {
    const text = read(file, uid).trim();
    // It says what is wrong with it.
    void new Token(text);
    return text;
  } catch (fault) {
    const { code, message } = fault as { code?: string; message: string };
    const reason = code === 'ENOENT' ? `there is no such file: to make it, type (umask 077; openssl rand -hex 32 > ${file})` : (code ?? message);
    throw new UsageError(`--token-file ${file}: ${reason}`);
  }
}

/** The file that is looked at is the one that is read. A pipe would keep the daemon waiting. */
function read(file: string, uid: number): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new Error('it is no file');
    if (uid >= 0 && found.uid !== uid) throw new Error('it belongs to another user');
    if (uid >= 0 && (found.mode & 0o077) !== 0) throw new Error(`others can read or change it: chmod 600 ${file}`);
    if (found.size > MAX_BYTES) throw new Error('it is too long');
    const bytes = Buffer.alloc(MAX_BYTES);
    return bytes.toString('utf8', 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}
