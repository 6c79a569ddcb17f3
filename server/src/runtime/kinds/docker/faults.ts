/** What the engine, or the way to it, said: words for a person, and what to do about it. */
import { ProtocolError } from '../../../protocol/index.ts';

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'is Docker installed and running? Start it, or set DOCKER_HOST',
  ECONNREFUSED: 'nothing listens there: start Docker, or set DOCKER_HOST',
  EACCES: 'this user may not use Docker: add it to the docker group, or use rootless Docker',
  ENOTFOUND: 'the host name is unknown: check DOCKER_HOST or the Docker context',
};
const UNHEALTHY = 'check that Docker is healthy (docker info)';

/** `engine` names it: an address without paths and credentials. `status` is the HTTP code where there is one. */
export function explain(fault: unknown, engine: string): ProtocolError {
  if (fault instanceof ProtocolError) return fault;
  const status = statusOf(fault);
  if (status !== undefined) {
    const words = (fault as Error).message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
    return new ProtocolError('SandboxFailed', `Docker refused: ${withoutPaths(words.split('\n')[0] ?? '').slice(0, 500)}`, { status });
  }
  const code = (fault as { code?: string }).code ?? '';
  const reason = hints[code] ? `${engine} can't be reached (${code})` : `${engine} gives no answer: ${(fault as Error).message}`;
  return unavailable(reason, hints[code] ?? UNHEALTHY);
}

export function unavailable(reason: string, hint: string, runtime = 'docker'): ProtocolError {
  return new ProtocolError('RuntimeUnavailable', `${reason}; ${hint}`, { runtime, reason, hint });
}

export function statusOf(fault: unknown): number | undefined {
  return (fault as { statusCode?: number }).statusCode;
}

/** Where the engine speaks of a folder of its host. */
function withoutPaths(words: string): string {
  return words.replace(/(source path does not exist:|error while creating mount source path) .*/, '$1 the shared folder');
}
