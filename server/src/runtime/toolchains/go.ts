/**
 * How a Go file is run: as `go run` does, whose words a person knows, but in two phases, because `go run` itself would not
 * tell the exit code of the program. If there are other files of the program beside it, its folder is run, as `go run .`
 * does. What in that folder is another program, with a `main` of its own, is left out.
 */
import { posix } from 'node:path';
import type { SourceFile, SourceFiles, Toolchain, ToolchainPhase } from '../ports.ts';
import { bare, beside } from './companions.ts';

/** Arguments of `go run` that make it put the program to a path, which is its last argument, and not run it. */
const INTO = ['go', 'run', '-exec', 'mv'];

export const goPhases: Toolchain['phases'] = (file, args, scratch) => phases([...INTO, file], args, scratch);

function phases(command: readonly string[], args: readonly string[], scratch: string, more: Partial<ToolchainPhase> = {}): ToolchainPhase[] {
  const program = `${scratch}/program`;
  return [
    { name: 'compile', env: {}, ...more, command: [...command, program] },
    { name: 'run', command: [program, ...args], env: {} },
  ];
}

export async function goPhasesFor(source: SourceFile, files: SourceFiles, cwd: string): Promise<Toolchain['phases']> {
  // Go itself says that a test is no program. A file that is never built with the others is run alone.
  if (isTest(source.path) || /^\/\/\s*(?:go:build|\+build)\s.*\bignore\b/m.test(source.text)) return goPhases;
  const others = await beside(source, files, (name) => name.endsWith('.go') && !isTest(name) && !/^[._]/.test(name));
  const text = bare(source.text);
  const hasMain = startsProgram(text);
  const strange = others.filter((other) => packageOf(other.text) !== packageOf(text) || (hasMain && startsProgram(other.text)));
  if (others.length === strange.length) return goPhases;
  const folder = posix.dirname(source.path);
  const root = await moduleOf(folder, files);
  const base = isIn(folder, cwd) && (root === undefined || isIn(cwd, root)) ? cwd : folder;
  const target = `./${posix.relative(base, folder)}`;
  return (_, args, scratch) => {
    const overlay = `${scratch}/overlay.json`;
    const replaced = JSON.stringify({ Replace: Object.fromEntries(strange.map(({ path }) => [path, ''])) });
    const hide = strange.length === 0 ? {} : { files: { [overlay]: replaced } };
    return phases([...INTO, ...(strange.length === 0 ? [] : ['-overlay', overlay]), target], args, scratch, {
      cwd: base,
      env: root === undefined ? { GO111MODULE: 'off' } : {},
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

/** The nearest folder with a go.mod. undefined: the file is in no module. */
async function moduleOf(folder: string, files: SourceFiles): Promise<string | undefined> {
  for (let at = folder; at !== '/'; at = posix.dirname(at)) {
    if (await files.read(`${at}/go.mod`, 0, 0).then(() => true, () => false)) return at;
  }
  return undefined;
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
