/** What runs an entry again: the params of the method, and of a session like the first. */
import { ExecuteShell, type HistoryEntry, type HistoryRerunParams, InstallPackages, invalidParam, type ProtocolError, RunCode } from '../protocol/index.ts';
import { digestOf } from './entry.ts';

export interface Again {
  /** `RunCode`, `ExecuteShell` or `InstallPackages`. */
  readonly method: typeof RunCode | typeof ExecuteShell | typeof InstallPackages;
  /** Without `sessionId`, and not checked yet. */
  readonly params: object;
}

const KEEP = 'set history.code to keep in the configuration file, and later runs can be run again without it';

/** @throws ProtocolError InvalidParams where something is lacking that is not kept */
export function again(entry: HistoryEntry, given: HistoryRerunParams): Again {
  if (entry.redacted) throw invalidParam('entryId', 'it had a secret of its session in its arguments or its code, which is not kept; run it anew instead');
  const { commandId, outputEncoding, timeoutMs } = given;
  const common = { commandId, outputEncoding, timeoutMs };
  const { cwd, manager, packages, manifest } = entry;
  switch (entry.method) {
    case RunCode.name:
      return { method: RunCode, params: { ...common, cwd, ...programOf(entry, given), language: entry.language, args: entry.args, uri: entry.uri } };
    case ExecuteShell.name:
      return { method: ExecuteShell, params: { ...common, cwd, command: textOf(entry, 'command', given.command, entry.command) } };
    case InstallPackages.name:
      return { method: InstallPackages, params: { ...common, manager, packages, manifest, workDoneToken: given.workDoneToken } };
    default:
      throw invalidParam('entryId', `${entry.method} can't be run again`);
  }
}

/** Params of `session/create`, not checked yet. */
export function sessionLike({ label, language, runtime, image, workspace, network, limits }: HistoryEntry): object {
  return { label, language, runtime, image, workspace, network, limits };
}

/** A file that only the sandbox had which is gone is run as text, where that is known. */
function programOf(entry: HistoryEntry, given: HistoryRerunParams): { readonly path: string } | { readonly code: string } {
  const { path } = entry;
  const isPart = entry.uri?.includes('#') ?? false;
  const isThere = given.sessionId !== undefined || (entry.workspace !== undefined && !isPart);
  if (path !== undefined && given.code === undefined && isThere) return { path };
  if (path !== undefined && (given.code ?? entry.code) === undefined) throw invalidParam('sessionId', isPart ? `only a part of ${path} was run, which is not kept: give it as code` : `${path} was a file of a sandbox that is gone: give a session that has it, or the text as code`);
  return { code: textOf(entry, 'code', given.code, entry.code) };
}

function textOf<T extends string | string[]>({ codeSha256, codeBytes }: HistoryEntry, name: 'code' | 'command', given: T | undefined, kept: T | undefined): T {
  if (given !== undefined) {
    if (codeSha256 === undefined || digestOf(given).codeSha256 === codeSha256) return given;
    throw invalidParam(name, `it is another one than the one that ran, which has ${codeBytes} bytes and the SHA-256 ${codeSha256}`);
  }
  if (kept !== undefined) return kept;
  throw invalidParam(name, `the ${name} is not kept, only its digest: give it as ${name}, or ${KEEP}`);
}

/** @throws ProtocolError InvalidParams */
export function missing(entryId: string): ProtocolError {
  return invalidParam('entryId', `the history has no entry ${entryId}, or several that begin like this; history/list shows what it has`);
}
