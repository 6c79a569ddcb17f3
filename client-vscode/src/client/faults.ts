/** What the daemon answers instead of a result. */
import { ResponseError } from 'vscode-jsonrpc/node';
import type { ErrorKind } from 'codebeaker/protocol';

/** `hint`, where the daemon knows one, says what would mend it. */
export interface FaultData {
  readonly kind?: ErrorKind;
  readonly hint?: string;
  readonly runtime?: string;
}

export function faultData(fault: unknown): FaultData {
  const data: unknown = fault instanceof ResponseError ? fault.data : undefined;
  return typeof data === 'object' && data !== null ? data : {};
}

/** The connection went away before the answer came. */
export class LinkClosed extends Error {
  constructor() {
    super('the connection to the daemon is closed');
  }
}
