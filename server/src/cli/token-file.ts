/** Reads the token of a daemon that listens from its file, which nobody else may be able to read. */
import { readPrivateFile } from '../base/private-file.ts';
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
    const text = readPrivateFile(file, uid, MAX_BYTES).trim();
    // It says what is wrong with it.
    void new Token(text);
    return text;
  } catch (fault) {
    const { code, message } = fault as { code?: string; message: string };
    const reason = code === 'ENOENT' ? `there is no such file: to make it, type (umask 077; openssl rand -hex 32 > ${file})` : (code ?? message);
    throw new UsageError(`--token-file ${file}: ${reason}`);
  }
}
