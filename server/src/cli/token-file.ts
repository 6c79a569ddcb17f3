/** Reads the token of `codebeaker serve --listen` from its file, which nobody else may be able to read. */
import { readPrivateFile } from '../base/private-file.ts';
import { Token } from '../remote/token.ts';
import { UsageError } from './quantities.ts';

const MAX_BYTES = 4096;

/** @throws UsageError */
export function readToken(file: string, uid: number): Token {
  try {
    return new Token(readPrivateFile(file, uid, MAX_BYTES).trim());
  } catch (fault) {
    const { code, message } = fault as { code?: string; message: string };
    const reason = code === 'ENOENT' ? `there is no such file: to make it, type (umask 077; openssl rand -hex 32 > ${file})` : (code ?? message);
    throw new UsageError(`--token-file ${file}: ${reason}`);
  }
}
