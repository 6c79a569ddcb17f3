/** The command line and the environment a program gets: everything it may, and nothing else. */
import { pathToFileURL } from 'node:url';
import { type Environment, ProtocolError } from '../../../protocol/index.ts';
import type { Program } from '../../ports.ts';

/** As bootstrap.mjs reads them. */
const MAIN_VARIABLE = 'CODEBEAKER_MAIN';
const VARIABLE_PREFIX = 'CODEBEAKER_ENV_';

/** What a sandbox's programs may touch. Real host paths. */
export interface Grants {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Stronger than the grants. */
  readonly denyRead: readonly string[];
  readonly denyWrite: readonly string[];
}

export interface DenoRun {
  readonly binary: string;
  readonly bootstrap: string;
  /** undefined: Deno waits for an order that names it (warm-up/order.ts). */
  readonly file: string | undefined;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly grants: Grants;
  readonly memoryBytes: number;
  /** Deno's own folder, which programs can't read. */
  readonly cache: string;
  readonly temporary: string;
}

/**
 * What the toolchain of Deno's runtimes says is to be run: `deno run FILE ARGS...`.
 * @throws ProtocolError LanguageUnsupported for anything else
 */
export function programOf(command: Program['command']): { readonly file: string; readonly args: readonly string[] } {
  const [deno, run, file, ...args] = typeof command === 'string' ? [] : command;
  if (deno === 'deno' && run === 'run' && file?.startsWith('/')) return { file, args };
  throw new ProtocolError('LanguageUnsupported', 'this runtime runs JavaScript and TypeScript files only; shell commands need a runtime with a shell (docker, native)');
}

const MIB = 1024 * 1024;
const MIN_HEAP_MIB = 16;
/** What Deno and ICU look at when they start, and that can do no harm there. */
const early = /^(?:NO_COLOR|FORCE_COLOR|LANG|LANGUAGE|LC_[A-Z]+)$/;

/** Deno looks at them when a program asks for a graphics card, which no permission guards. Nobody gets one. */
const graphics = /^DENO_WEBGPU_/;

function variables(env: Environment): [name: string, value: string][] {
  return Object.entries(env).filter(([name]) => !graphics.test(name));
}

export function denoCommand({ binary, bootstrap, args, env, grants, memoryBytes }: DenoRun): string[] {
  const heapMiB = Math.max(MIN_HEAP_MIB, Math.floor(memoryBytes / MIB));
  return [
    binary,
    'run',
    '--no-prompt',
    ...list('--allow-read', grants.read),
    ...list('--allow-write', grants.write),
    ...list('--deny-read', grants.denyRead),
    ...list('--deny-write', grants.denyWrite),
    `--allow-env=${['HOME', 'TMPDIR', MAIN_VARIABLE, `${VARIABLE_PREFIX}*`, ...variables(env).map(([name]) => name)].join(',')}`,
    // Other variables are not there, instead of forbidden: programs ask for many.
    '--ignore-env',
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

export function denoEnvironment({ file, env, cache, temporary }: DenoRun): Record<string, string> {
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
    ...(file === undefined ? {} : { [MAIN_VARIABLE]: pathToFileURL(file).href }),
  };
}

/** No list at all: a flag without a value would mean everything. Paths hold no commas (see `checkGrants`). */
function list(flag: string, paths: readonly string[]): string[] {
  return paths.length === 0 ? [] : [`${flag}=${paths.join(',')}`];
}

/**
 * Deno splits its lists at commas and has no way around it: a path with one would grant two others.
 * @throws ProtocolError IsolationUnavailable
 */
export function checkGrants({ read, write, denyRead, denyWrite }: Grants): void {
  if (![read, write, denyRead, denyWrite].flat().some((path) => path.includes(','))) return;
  const message = 'the path of the folder, or of a link in it, holds a comma; share it with access copy, or use the runtime docker';
  throw new ProtocolError('IsolationUnavailable', message, { layers: ['filesystem'] });
}
