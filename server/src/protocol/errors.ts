/**
 * Error codes on the wire. Values are literals and never change.
 * The first group is JSON-RPC's and LSP's own, the second is CodeBeaker's.
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
 * A request that could not be carried out. `message` is for a person and says what to do;
 * `data.kind` is the name of the code. Neither may hold a host path, a stack trace or a secret.
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

/** InvalidParams for one param that its schema can't judge. `path` is where it lies in the params, with dots; `message` goes on after it. */
export function invalidParam(path: string, message: string): ProtocolError {
  return new ProtocolError('InvalidParams', `${path}: ${message}`, { issues: [{ path, message }] });
}
