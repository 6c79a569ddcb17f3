/** Turns errors of the engine, and of the connection to it, into errors of the protocol that say what to do. */
import { ProtocolError } from '../../../protocol/index.ts';

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'is Docker installed and running? Start it, or set DOCKER_HOST',
  ECONNREFUSED: 'nothing listens there: start Docker, or set DOCKER_HOST',
  EACCES: 'this user may not use Docker: add it to the docker group, or use rootless Docker',
  ENOTFOUND: 'the host name is unknown: check DOCKER_HOST or the Docker context',
};
const UNHEALTHY = 'check that Docker is healthy (docker info)';

/** `engine` is its name in messages, from address.ts. If the engine answered, `data.status` of the result is the HTTP status. */
export function explain(fault: unknown, engine: string): ProtocolError {
  if (fault instanceof ProtocolError) return fault;
  const status = statusOf(fault);
  if (status !== undefined) {
    const words = (fault as Error).message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
    return new ProtocolError('SandboxFailed', `Docker refused: ${withoutPaths(words.split('\n')[0] ?? '').slice(0, 500)}`, { status });
  }
  const code = (fault as { code?: string }).code ?? '';
  // The fault is on this side: the engine may be as well as ever.
  if (code === 'EMFILE' || code === 'ENFILE') return new ProtocolError('SandboxFailed', `the daemon has too many open files (${code}): close sessions, or raise the limit (ulimit -n)`);
  if (hints[code]) return untakenBecause(unavailable(`${engine} can't be reached (${code})`, hints[code]));
  return unavailable(`${engine} gives no answer: ${(fault as Error).message}`, UNHEALTHY);
}

const UNTAKEN = 'the engine has surely not taken it on';

export function untakenBecause(error: ProtocolError): ProtocolError {
  error.cause = UNTAKEN;
  return error;
}

/** Whether the engine has surely not done what it was asked for. */
export function isUndone(fault: unknown): boolean {
  return fault instanceof ProtocolError && (fault.data.status !== undefined || fault.cause === UNTAKEN);
}

export function unavailable(reason: string, hint: string, runtime = 'docker'): ProtocolError {
  return new ProtocolError('RuntimeUnavailable', `${reason}; ${hint}`, { runtime, reason, hint });
}

const untaken: readonly unknown[] = ['ECONNREFUSED', 'EAGAIN', 429, 503];
const unknown: readonly unknown[] = ['ECONNRESET', 'EPIPE', 502, 504];

/** Of a fault that may pass by itself: whether the engine has surely not taken the call on. undefined: it is of another kind. */
export function passing(fault: unknown): 'untaken' | 'unknown' | undefined {
  const what = statusOf(fault) ?? (fault as { code?: string }).code;
  return untaken.includes(what) ? 'untaken' : unknown.includes(what) ? 'unknown' : undefined;
}

/** The HTTP status of an answer of the engine. undefined: it did not answer. */
export function statusOf(fault: unknown): number | undefined {
  return (fault as { statusCode?: number }).statusCode;
}

/** The engine's messages about mounts hold the path of a folder of the host, which no client is told. */
function withoutPaths(words: string): string {
  return words.replace(/(source path does not exist:|error while creating mount source path) .*/, '$1 the shared folder');
}

export function noMounts(): ProtocolError {
  return new ProtocolError('SandboxFailed', 'packages can be installed only where the engine mounts folders of this machine, and this one does not: use an engine on this machine, or an image that has the packages');
}

export function notASandbox(why: string): ProtocolError {
  return new ProtocolError('SandboxFailed', `the container did not become a sandbox: ${why}`);
}
