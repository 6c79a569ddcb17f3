/** The HTTP status with which `POST /v1/run` answers an error of the protocol. This is the one table of it: docs/errors.md is made from it. */
import { type ErrorKind, errorCodes } from '../protocol/index.ts';

/** 4xx: the request has to change, or to wait. 5xx: the daemon or the machine could not do it. */
export const statuses: Readonly<Record<ErrorKind, number>> = {
  ParseError: 400, InvalidRequest: 400, MethodNotFound: 400, InvalidParams: 400,
  InternalError: 500,
  ServerNotInitialized: 500,
  RequestCancelled: 503,
  SessionNotFound: 500, SessionClosed: 503, CommandNotFound: 500,
  TooManySessions: 429,
  ShuttingDown: 503,
  DaemonUnreachable: 500,
  RuntimeUnavailable: 503,
  LanguageUnsupported: 400,
  SandboxFailed: 500, SandboxLost: 500,
  IsolationUnavailable: 503,
  InvalidPath: 400, FileNotFound: 400, FileExists: 400, WrongFileType: 400,
  FileTooLarge: 413,
  DiskFull: 507,
  RateLimited: 429, QuotaExceeded: 429,
  PolicyDenied: 403, NotTrusted: 403,
  PackageInstallFailed: 500,
  DebugUnavailable: 500,
};

/** `kind` is `data.kind` of an error as it came; one that is not known is 500. */
export function statusOf(kind: unknown): number {
  return typeof kind === 'string' && Object.hasOwn(errorCodes, kind) ? statuses[kind as ErrorKind] : 500;
}
