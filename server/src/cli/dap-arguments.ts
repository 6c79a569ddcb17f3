/** The arguments of `launch` of `codebeaker dap`: each is checked before anything is started, and what a client adds of its own is ignored. */
import { dirname, resolve } from 'node:path';
import type { LanguageId } from '../protocol/index.ts';
import type { Json } from '../debug/dap.ts';
import { checkedMembers, consoles } from './dap-members.ts';
import { isBelow } from './folder.ts';
import { CannotRun } from './source.ts';

export interface DapArguments {
  /** The absolute path of the file. */
  readonly program: string;
  readonly language: LanguageId | undefined;
  /** The folder to which paths of the program are relative: the one that goes along. */
  readonly folder: string;
  /** Whether the program goes without the other files of the folder. */
  readonly alone: boolean;
  readonly cwd: string | undefined;
  /** The path of a manifest below the folder, whose packages are installed. */
  readonly manifest: string | undefined;
  /** Where the program runs. undefined: in no terminal. */
  readonly terminal: 'integrated' | 'external' | undefined;
  /** Params of `session/create`. */
  readonly session: Json;
  /** Params of `debug/start`. */
  readonly start: Json;
}

const OF_SESSION = ['runtime', 'image', 'preference', 'strict', 'limits', 'network', 'secrets', 'secretNames'];
const OF_START = ['args', 'env', 'stopOnEntry', 'justMyCode'];

/** A path of the program is relative to its `cwd`, or to the folder of the editor. @throws CannotRun */
export function dapArguments(sent: Json): DapArguments {
  const given = checkedMembers(sent);
  const { program: file, cwd, folder } = given as Readonly<Record<string, string | undefined>>;
  if (file === undefined) throw new CannotRun('launch: program is missing; it must be the path of the file that is to be debugged');
  const program = resolve(cwd ?? '.', file);
  const alone = given.folder === false;
  return {
    program, alone, cwd,
    language: given.language as LanguageId | undefined,
    terminal: consoles[(given.console as string | undefined) ?? ''],
    folder: folderFor(program, alone ? dirname(program) : folder, cwd),
    ...packagesIn(given),
    start: { ...pick(given, OF_START), ...timeoutIn(given) },
  };
}

/** The folder that goes along: the one that is named, else `cwd` if the program lies there, else that of the program. */
function folderFor(program: string, named: string | undefined, cwd: string | undefined): string {
  if (named !== undefined && !isBelow(program, resolve(named))) throw new CannotRun(`launch: program must lie in folder, and ${program} does not lie in ${named}`);
  if (named !== undefined) return resolve(named);
  return cwd !== undefined && isBelow(program, resolve(cwd)) ? resolve(cwd) : dirname(program);
}

/** A list of names is enough. A manifest is installed from when the files are there. */
function packagesIn(given: Json): Pick<DapArguments, 'manifest' | 'session'> {
  const session = pick(given, OF_SESSION);
  const { packages } = given;
  if (packages === undefined) return { manifest: undefined, session };
  const { manifest, ...named } = (Array.isArray(packages) ? { names: packages } : packages) as Json & { readonly manifest?: string };
  return { manifest, session: Object.keys(named).length > 0 ? { ...session, packages: named } : session };
}

/** A time limit of the session is one that was asked for. */
function timeoutIn({ limits }: Json): Json {
  const { timeoutMs } = (limits ?? {}) as Json;
  return timeoutMs === undefined ? {} : { timeoutMs };
}

/** What is in them the daemon's own schemas check. */
function pick(given: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
}
