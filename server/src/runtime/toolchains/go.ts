/**
 * How a Go file is run: as `go run` does, whose words a person knows, but in two phases, because `go run` itself would not
 * tell the exit code of the program. If there are other files of the program beside it, its folder is run, as `go run .`
 * does. What in that folder is another program, with a `main` of its own, is left out.
 */
import { posix } from 'node:path';
import type { SourceFile, SourceFiles, Toolchain, ToolchainPhase } from '../ports.ts';
import { bare, beside } from './companions.ts';

/** The name of a module stands at the beginning of its go.mod. */
const MAX_MODULE_BYTES = 16 * 1024;

/** The command that makes a program. `target`: the file or the folder; `options`: what goes before it. */
type Way = (options: readonly string[], target: string, program: string) => readonly string[];

/** `go run`, made to put the program to a path, and not to run it. */
const run: Way = (options, target, program) => ['go', 'run', '-exec', 'mv', ...options, target, program];

/** What `go run` makes cannot be debugged. The code of the program's own module, or of its folder, is left as it was written; libraries are as ever, so that they come from the cache. */
async function debug(moduleOfFile: () => Promise<Module | undefined>): Promise<Way> {
  const module = (await moduleOfFile())?.name;
  return (options, target, program) => ['go', 'build', '-buildvcs=false', '-gcflags=-N -l', ...(module === undefined ? [] : [`-gcflags=${module}/...=-N -l`]), ...options, '-o', program, target];
}

export const goPhases: Toolchain['phases'] = alone(run);

export function goPhasesFor(source: SourceFile, files: SourceFiles, cwd: string): Promise<Toolchain['phases']> {
  return phasesFor(source, files, cwd, async () => run);
}

/** The program can be debugged. */
export function goDebugPhasesFor(source: SourceFile, files: SourceFiles, cwd: string): Promise<Toolchain['phases']> {
  return phasesFor(source, files, cwd, debug);
}

function alone(way: Way): Toolchain['phases'] {
  return (file, args, scratch) => phases(way, [], file, args, scratch);
}

function phases(way: Way, options: readonly string[], target: string, args: readonly string[], scratch: string, more: Partial<ToolchainPhase> = {}): ToolchainPhase[] {
  const program = `${scratch}/program`;
  return [
    { name: 'compile', env: {}, ...more, command: way(options, target, program) },
    { name: 'run', command: [program, ...args], env: {} },
  ];
}

async function phasesFor(source: SourceFile, files: SourceFiles, cwd: string, wayFor: (module: () => Promise<Module | undefined>) => Promise<Way>): Promise<Toolchain['phases']> {
  const folder = posix.dirname(source.path);
  let found: ReturnType<typeof moduleOf> | undefined;
  const moduleOfFile = () => (found ??= moduleOf(folder, files));
  const way = await wayFor(moduleOfFile);
  // Go itself says that a test is no program. A file that is never built with the others is run alone.
  if (isTest(source.path) || /^\/\/\s*(?:go:build|\+build)\s.*\bignore\b/m.test(source.text)) return alone(way);
  const others = await beside(source, files, (name) => name.endsWith('.go') && !isTest(name) && !/^[._]/.test(name));
  const text = bare(source.text);
  const hasMain = startsProgram(text);
  const strange = others.filter((other) => packageOf(other.text) !== packageOf(text) || (hasMain && startsProgram(other.text)));
  if (others.length === strange.length) return alone(way);
  const module = await moduleOfFile();
  const base = isIn(folder, cwd) && (module === undefined || isIn(cwd, module.root)) ? cwd : folder;
  const target = `./${posix.relative(base, folder)}`;
  return (_, args, scratch) => {
    const overlay = `${scratch}/overlay.json`;
    const replaced = JSON.stringify({ Replace: Object.fromEntries(strange.map(({ path }) => [path, ''])) });
    const hide = strange.length === 0 ? {} : { files: { [overlay]: replaced } };
    return phases(way, strange.length === 0 ? [] : ['-overlay', overlay], target, args, scratch, {
      cwd: base,
      env: module === undefined ? { GO111MODULE: 'off' } : {},
      ...hide,
    });
  };
}

function isTest(path: string): boolean {
  return path.endsWith('_test.go');
}

function packageOf(text: string): string | undefined {
  return /^\s*package\s+(\w+)/m.exec(text)?.[1];
}

function startsProgram(text: string): boolean {
  return packageOf(text) === 'main' && /^func\s+main\s*\(\s*\)/m.test(text);
}

interface Module {
  /** The folder of its go.mod. */
  readonly root: string;
  readonly name: string | undefined;
}

/** The module whose go.mod is in the nearest folder. undefined: the file is in no module. */
async function moduleOf(folder: string, files: SourceFiles): Promise<Module | undefined> {
  for (let at = folder; at !== '/'; at = posix.dirname(at)) {
    const found = await files.read(`${at}/go.mod`, 0, MAX_MODULE_BYTES).catch(() => undefined);
    if (found) return { root: at, name: /^module\s+"?([\w./~-]+)"?\s*(?:\/\/.*)?$/m.exec(found.bytes.toString())?.[1] };
  }
  return undefined;
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
