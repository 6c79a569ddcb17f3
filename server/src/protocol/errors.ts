/**
 * The error codes on the wire. A code is a literal and never changes.
 * The first group comes from JSON-RPC and LSP, the second is CodeBeaker's own.
 */
export const standardErrors = {
  ParseError: -32700,
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidParams: -32602,
  InternalError: -32603,
  ServerNotInitialized: -32002,
  RequestCancelled: -32800,
} as const;

export const domainErrors = {
  SessionNotFound: 1001,
  SessionClosed: 1002,
  TooManySessions: 1003,
  CommandNotFound: 1004,
  ShuttingDown: 1005,
  DaemonUnreachable: 1006,
  RuntimeUnavailable: 1010,
  LanguageUnsupported: 1011,
  SandboxFailed: 1012,
  SandboxLost: 1013,
  IsolationUnavailable: 1014,
  InvalidPath: 1020,
  FileNotFound: 1021,
  FileExists: 1022,
  WrongFileType: 1023,
  FileTooLarge: 1024,
  DiskFull: 1025,
  RateLimited: 1030,
  QuotaExceeded: 1031,
  PolicyDenied: 1032,
  NotTrusted: 1033,
  PackageInstallFailed: 1040,
  DebugUnavailable: 1050,
} as const;

export const errorCodes = { ...standardErrors, ...domainErrors } as const;

export type ErrorKind = keyof typeof errorCodes;

/**
 * The request could not be carried out. `message` is for a person and says what to do; `data.kind` is the name of
 * the code. Neither `message` nor `data` may contain a path of the host, a stack trace or a secret.
 */
export class ProtocolError extends Error {
  readonly code: number;
  readonly data: { kind: ErrorKind } & Record<string, unknown>;

  constructor(
    readonly kind: ErrorKind,
    message: string,
    data: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = kind;
    this.code = errorCodes[kind];
    this.data = { kind, ...data };
  }
}

/**
 * InvalidParams for one param that fits its schema and is wrong all the same. `path` is the place of the param in the
 * params, with dots between the keys; `message` says what is wrong with it.
 */
export function invalidParam(path: string, message: string): ProtocolError {
  return new ProtocolError('InvalidParams', `${path}: ${message}`, { issues: [{ path, message }] });
}
