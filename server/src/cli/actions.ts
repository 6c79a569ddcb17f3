/** The arguments of the commands that show and look after what CodeBeaker keeps on this machine: cache, audit, usage, history, config and sweep; and of scan and trace. */
import { type LanguageId, scanSeverities, type ScanSeverity } from '../protocol/index.ts';
import { ranges, UsageError, whole } from './quantities.ts';
import { languageNamed, oneOf, optional, type Values } from './typed.ts';

const cacheActions = ['ls', 'rm', 'prune', 'verify'] as const;
const auditActions = ['verify', 'show'] as const;
const configActions = ['schema', 'check', 'show'] as const;
const DEFAULT_DAYS = 30;
const DEFAULT_ENTRIES = 30;

export interface CacheArguments {
  readonly command: 'cache';
  readonly action: (typeof cacheActions)[number];
  /** Names of environments, or the beginnings of names. */
  readonly names: readonly string[];
  readonly json: boolean;
  readonly config: string | undefined;
}

export interface AuditArguments {
  readonly command: 'audit';
  readonly action: (typeof auditActions)[number];
  readonly since: string | undefined;
  readonly session: string | undefined;
  /** Is checked by the command itself. */
  readonly kind: string | undefined;
  readonly json: boolean;
  readonly config: string | undefined;
}

export interface UsageArguments {
  readonly command: 'usage';
  /** The program whose usage is to be estimated. undefined: what was used is shown. */
  readonly file: string | undefined;
  readonly language: LanguageId | undefined;
  /** Only runs in this runtime count for the estimate. undefined: any. */
  readonly runtime: string | undefined;
  /** So many days are shown. */
  readonly since: number;
  readonly json: boolean;
  readonly config: string | undefined;
}

export interface HistoryArguments {
  readonly command: 'history';
  readonly action: 'list' | 'rerun' | 'clear';
  /** The entry that is run again, or the beginning of its id. */
  readonly entryId: string;
  readonly since: string | undefined;
  /** Only what ended before this time is removed. */
  readonly before: string | undefined;
  readonly session: string | undefined;
  readonly language: LanguageId | undefined;
  readonly runtime: string | undefined;
  /** Whether only what did not exit with 0 is shown. */
  readonly failed: boolean;
  readonly most: number;
  readonly json: boolean;
  readonly config: string | undefined;
}

export interface ScanArguments {
  readonly command: 'scan';
  readonly files: readonly string[];
  /** Of all files; undefined: of each what its name or its first line says. */
  readonly language: LanguageId | undefined;
  /** From which severity on findings count for the exit code. */
  readonly severity: ScanSeverity;
  readonly json: boolean;
  readonly config: string | undefined;
}

export interface SweepArguments {
  readonly command: 'sweep';
  /** Nothing is removed. */
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly config: string | undefined;
}

export interface ConfigArguments {
  readonly command: 'config';
  readonly action: (typeof configActions)[number];
  /** The files that are checked; none: the user's own, and the one of the project. */
  readonly files: readonly string[];
  /** The folder of the project. */
  readonly folder: string;
  readonly json: boolean;
  readonly config: string | undefined;
}

export interface TraceArguments {
  readonly command: 'trace';
  /** What `--record` wrote. */
  readonly file: string;
  /** Only exchanges with this method are shown; with `*` at the end, those that begin so. */
  readonly method: string | undefined;
  readonly session: string | undefined;
  readonly json: boolean;
}

export function tracing([file, ...more]: readonly string[], { method, session }: Values): Pick<TraceArguments, 'file' | 'method' | 'session'> {
  if (file === undefined) throw new UsageError('trace needs the name of a file that codebeaker --record wrote: codebeaker trace FILE');
  if (more.length > 0) throw new UsageError(`there are unexpected arguments: ${more.join(' ')}`);
  return { file, method, session };
}

export function caching([first, ...names]: readonly string[]): Pick<CacheArguments, 'action' | 'names'> {
  const action = oneOf(cacheActions, first, 'cache needs to know what to do');
  if (action === 'rm' && names.length === 0) throw new UsageError('cache rm needs the names of what is to be removed; codebeaker cache ls shows them, codebeaker cache prune removes all');
  if (action !== 'rm' && names.length > 0) throw new UsageError(`there are unexpected arguments: ${names.join(' ')}`);
  return { action, names };
}

export function auditing([first, ...more]: readonly string[], { since, session, kind }: Values): Pick<AuditArguments, 'action' | 'since' | 'session' | 'kind'> {
  const action = oneOf(auditActions, first, 'audit needs to know what to do');
  if (more.length > 0) throw new UsageError(`there are unexpected arguments: ${more.join(' ')}`);
  const [unused] = Object.entries({ since, session, kind }).find(([, value]) => action === 'verify' && value !== undefined) ?? [];
  if (unused !== undefined) throw new UsageError(`--${unused} is an option of codebeaker audit show`);
  return { action, since, session, kind };
}

export function using([action, file, ...more]: readonly string[], { since, language, runtime }: Values): Pick<UsageArguments, 'file' | 'language' | 'runtime' | 'since'> {
  if (action !== undefined && action !== 'estimate') throw new UsageError(`usage knows no ${action}: codebeaker usage, or codebeaker usage estimate FILE`);
  if (action !== undefined && file === undefined) throw new UsageError('usage estimate needs the name of a file: codebeaker usage estimate FILE');
  if (more.length > 0) throw new UsageError(`there are unexpected arguments: ${more.join(' ')}`);
  if (since !== undefined && file !== undefined) throw new UsageError('--since is for codebeaker usage alone, and not for usage estimate');
  if (file === undefined && (language ?? runtime) !== undefined) throw new UsageError('--language and --runtime are for codebeaker usage estimate FILE');
  return { file, language: languageNamed(language), runtime, since: optional(since, (given) => whole(given, '--since', ranges.days)) ?? DEFAULT_DAYS };
}

export function recalling([action = 'list', entryId = '', ...more]: readonly string[], { since, before, session, language, runtime, failed, most }: Values): Omit<HistoryArguments, 'command' | 'json' | 'config'> {
  if (action !== 'list' && action !== 'rerun' && action !== 'clear') throw new UsageError(`history knows no ${action}: codebeaker history, codebeaker history rerun ID, or codebeaker history clear`);
  if (action === 'rerun' && entryId === '') throw new UsageError('history rerun needs the id of an entry; codebeaker history shows them');
  const unexpected = [...(action === 'rerun' || entryId === '' ? [] : [entryId]), ...more];
  if (unexpected.length > 0) throw new UsageError(`there are unexpected arguments: ${unexpected.join(' ')}`);
  const [filter] = Object.entries({ since, session, language, runtime, failed, most }).find(([, value]) => action !== 'list' && value !== undefined) ?? [];
  if (filter !== undefined) throw new UsageError(`--${filter} is for codebeaker history alone, and not for history ${action}`);
  if (before !== undefined && action !== 'clear') throw new UsageError('--before is an option of codebeaker history clear');
  return { action, entryId, since, before, session, language: languageNamed(language), runtime, failed: failed ?? false, most: optional(most, (given) => whole(given, '--most', ranges.entries)) ?? DEFAULT_ENTRIES };
}

export function scanning(files: readonly string[], { language, severity }: Values): Pick<ScanArguments, 'files' | 'language' | 'severity'> {
  if (files.length === 0) throw new UsageError('scan needs the names of files: codebeaker scan FILE...');
  return {
    files,
    language: languageNamed(language),
    severity: optional(severity, (given) => oneOf(scanSeverities, given, '--severity')) ?? 'warning',
  };
}

export function configuring([first, ...files]: readonly string[]): Pick<ConfigArguments, 'action' | 'files'> {
  const action = oneOf(configActions, first, 'config needs to know what to do');
  if (action !== 'check' && files.length > 0) throw new UsageError(`there are unexpected arguments: ${files.join(' ')}`);
  return { action, files };
}
