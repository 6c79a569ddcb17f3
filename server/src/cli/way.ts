/** The way to a daemon elsewhere, as a command line says it: its address, the token, and whom to trust. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type DaemonAddress, isPrivate, parseAddress, WrongAddress } from '../bridge/address.ts';
import type { DialParts } from '../bridge/dial.ts';
import { Token } from '../remote/token.ts';
import type { DaemonElsewhere } from './connecting.ts';
import { UsageError } from './quantities.ts';
import type { Surroundings } from './surroundings.ts';
import { readTokenText } from './token-file.ts';

/** The variable that has the token where no file is named. */
export const TOKEN_VARIABLE = 'CODEBEAKER_TOKEN';

type Way = Pick<DaemonElsewhere, 'url' | 'tokenFile' | 'ca'>;

/** @throws UsageError */
export function wayOf({ env: all, uid, clock }: Pick<Surroundings, 'env' | 'uid' | 'clock'>, args: Way): [DaemonAddress, DialParts] {
  const address = addressOf(args.url);
  if (!isPrivate(address)) throw new UsageError(`everybody on the way to ${args.url} could read the token and the code: use wss:// with a daemon that has --tls-cert, or ssh://`);
  const { [TOKEN_VARIABLE]: given, ...env } = all;
  return [address, { token: tokenOf(args, given, uid), ca: args.ca === undefined ? undefined : readAuthorities(args.ca), env, temporary: tmpdir(), clock }];
}

function addressOf(url: string): DaemonAddress {
  try {
    return parseAddress(url);
  } catch (fault) {
    if (fault instanceof WrongAddress) throw new UsageError(fault.message);
    throw fault;
  }
}

/** A command line can be seen by everybody, so no token is taken from it. @throws UsageError */
function tokenOf({ tokenFile }: Way, given: string | undefined, uid: number): string | undefined {
  const token = tokenFile !== undefined ? readTokenText(tokenFile, uid) : given?.trim() || undefined;
  if (token === undefined) return undefined;
  if (tokenFile === undefined) checkToken(token);
  return token;
}

function checkToken(token: string): void {
  try {
    void new Token(token);
  } catch (fault) {
    throw new UsageError(`${TOKEN_VARIABLE}: ${(fault as Error).message}`);
  }
}

function readAuthorities(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (fault) {
    throw new UsageError(`--ca ${file}: it cannot be read (${(fault as { code?: string }).code})`);
  }
}
