/** The command line and the environment with which Deno runs a program. They grant what the program may do, and nothing else. */
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Environment, ProtocolError } from '../../../protocol/index.ts';
import type { Program } from '../../ports.ts';

/** As bootstrap.mjs reads them. */
const MAIN_VARIABLE = 'CODEBEAKER_MAIN';
const LOADER_VARIABLE = 'CODEBEAKER_LOADER';
/** Is there if somebody debugs the program. */
const DEBUGGED_VARIABLE = 'CODEBEAKER_DEBUGGED';
const VARIABLE_PREFIX = 'CODEBEAKER_ENV_';

/** The files that programs may use. All paths are real ones, without links; a folder stands for everything in it. */
export interface Grants {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** These two win over the first two. */
  readonly denyRead: readonly string[];
  readonly denyWrite: readonly string[];
}

export interface DenoRun {
  readonly binary: string;
  readonly bootstrap: string;
  /** The folder with the loader for TypeScript, which programs may read. */
  readonly typescript: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly grants: Grants;
  /** The limit of V8's heap. */
  readonly memoryBytes: number;
  /** The folder in which Deno keeps its own files. Programs have no permission to read it. */
  readonly cache: string;
  /** The folder that is HOME and TMPDIR. */
  readonly temporary: string;
  /** The address at which its inspector listens. The program waits for who debugs it. Absent: there is no inspector. */
  readonly inspector?: string;
}

/**
 * The file and the arguments of a command as Deno's toolchain makes it: `deno run FILE ARGS...`.
 * @throws ProtocolError LanguageUnsupported for any other command
 */
export function programOf(command: Program['command']): { readonly file: string; readonly args: readonly string[] } {
  const [deno, word, file, ...args] = typeof command === 'string' ? [] : command;
  if (deno === 'deno' && word === 'run' && file?.startsWith('/')) return { file, args };
  throw new ProtocolError('LanguageUnsupported', 'this runtime runs JavaScript and TypeScript files only; shell commands need a runtime with a shell (docker, native)');
}

const MIB = 1024 * 1024;
const MIN_HEAP_MIB = 16;
/** Deno and ICU read these variables when they start, and they can do no harm there. So they are set from the beginning. */
const early = /^(?:TERM|NO_COLOR|FORCE_COLOR|LANG|LANGUAGE|LC_[A-Z]+)$/;

/** With these variables a program could choose a graphics card, for which Deno has no permission. They are dropped. */
const graphics = /^DENO_WEBGPU_/;

function variables(env: Environment): [name: string, value: string][] {
  return Object.entries(env).filter(([name]) => !graphics.test(name));
}

export function denoCommand({ binary, bootstrap, typescript, file, args, env, grants, memoryBytes, inspector }: DenoRun): string[] {
  const heapMiB = Math.max(MIN_HEAP_MIB, Math.floor(memoryBytes / MIB));
  return [
    binary,
    'run',
    // Then Deno prints nothing about its inspector.
    ...(inspector === undefined ? [] : [`--inspect-wait=${inspector}`, '--inspect-publish-uid=http', '--quiet']),
    '--no-prompt',
    ...list('--allow-read', [...grants.read, typescript]),
    ...list('--allow-write', grants.write),
    ...list('--deny-read', grants.denyRead),
    ...list('--deny-write', grants.denyWrite),
    `--allow-env=${['HOME', 'TMPDIR', MAIN_VARIABLE, LOADER_VARIABLE, DEBUGGED_VARIABLE, `${VARIABLE_PREFIX}*`, ...variables(env).map(([name]) => name)].join(',')}`,
    // Other variables look as if they were not set. Otherwise reading one would be an error, and programs read many.
    '--ignore-env',
    // Imports of TypeScript may leave out the extension, or name the .js that a .ts would become, as in other runtimes.
    ...(/\.(?:[cm]?ts|[tj]sx)$/.test(file) ? ['--unstable-sloppy-imports'] : []),
    '--no-remote',
    '--no-npm',
    '--no-config',
    '--no-lock',
    '--node-modules-dir=none',
    `--v8-flags=--max-old-space-size=${heapMiB}`,
    bootstrap,
    ...args,
  ];
}

/**
 * The command line of what debugs a program of `run`: a file of ours, which may start Deno and talk with its inspector. No
 * code that a program could have written is taken from Deno's own files.
 */
export function debuggerCommand({ binary, typescript, grants }: DenoRun, file: string): string[] {
  return [
    binary, 'run', '--no-prompt', '--quiet', '--no-code-cache', '--no-remote', '--no-npm', '--no-config', '--no-lock', '--node-modules-dir=none',
    ...list('--allow-read', [...grants.read, typescript, dirname(binary)]), `--allow-run=${binary}`, '--allow-net=127.0.0.1', '--allow-env', file,
  ];
}

export function denoEnvironment({ typescript, file, env, cache, temporary, inspector }: DenoRun): Record<string, string> {
  const own = variables(env).map(([name, value]) => [early.test(name) ? name : `${VARIABLE_PREFIX}${name}`, value]);
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    DENO_DIR: cache,
    DENO_NO_UPDATE_CHECK: '1',
    DENO_NO_PACKAGE_JSON: '1',
    DENO_NO_PROMPT: '1',
    DENO_WEBGPU_BACKEND: 'none',
    HOME: temporary,
    TMPDIR: temporary,
    [LOADER_VARIABLE]: `${typescript}/deno.cjs`,
    [MAIN_VARIABLE]: pathToFileURL(file).href,
    ...(inspector === undefined ? {} : { [DEBUGGED_VARIABLE]: '1' }),
  };
}

/** The flag is left out for an empty list, because without a value it would mean all paths. No path has a comma in it (see `checkGrants`). */
function list(flag: string, paths: readonly string[]): string[] {
  return paths.length === 0 ? [] : [`${flag}=${paths.join(',')}`];
}

/**
 * Refuses paths with a comma: Deno takes a comma as the end of a path, and has no way to quote it. Such a path would
 * grant two other ones.
 * @throws ProtocolError IsolationUnavailable
 */
export function checkGrants({ read, write, denyRead, denyWrite }: Grants): void {
  if (![read, write, denyRead, denyWrite].flat().some((path) => path.includes(','))) return;
  const message = 'the path of the folder, or of a link in it, has a comma in it, which Deno does not support; share the folder with access copy, or use the runtime docker';
  throw new ProtocolError('IsolationUnavailable', message, { layers: ['filesystem'] });
}
