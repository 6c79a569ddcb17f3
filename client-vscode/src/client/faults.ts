/** The errors of requests: what an error response of the daemon tells, and the end of the connection. */
import { ResponseError } from 'vscode-jsonrpc/node';
import type { ErrorKind } from 'codebeaker/protocol';

/** The `data` of an error response. */
export interface FaultData {
  readonly kind?: ErrorKind;
  /** Of DaemonUnreachable: what kind of failure it is. */
  readonly reason?: unknown;
  /** What the person can do about it. */
  readonly hint?: string;
  readonly runtime?: string;
  /** The end of what a package manager printed. */
  readonly output?: string;
}

export function faultData(fault: unknown): FaultData {
  const data: unknown = fault instanceof ResponseError ? fault.data : undefined;
  return typeof data === 'object' && data !== null ? data : {};
}

/** Whether a daemon elsewhere could not be reached, which is told at once, and no crash. */
export function isUnreachable(fault: unknown): fault is Error {
  return faultData(fault).kind === 'DaemonUnreachable';
}

/** Thrown for a request whose answer can no longer come. */
export class ConnectionClosed extends Error {
  constructor() {
    super('the connection to the daemon is closed');
  }
}
