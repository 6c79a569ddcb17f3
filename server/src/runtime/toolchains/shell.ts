/** How a shell script is run: by the interpreter that its first line names, where the sandbox has it, else by sh. */
import { posix } from 'node:path';
import type { SourceFile, SourceFiles, Toolchain } from '../ports.ts';

const by = (...interpreter: string[]): Toolchain['phases'] => (file, args) => [{ name: 'run', command: [...interpreter, file, ...args], env: {} }];

export const shellPhases = by('sh');

/** `which` tells which programs are in PATH. */
export async function shellPhasesFor({ text }: SourceFile, files: SourceFiles, which: (names: readonly string[]) => Promise<ReadonlySet<string>>): Promise<Toolchain['phases']> {
  const named = interpreterOf(text);
  if (!named) return shellPhases;
  const { program, options } = named;
  const isThere = program.startsWith('/') && (await files.read(program, 0, 0).then(() => true, () => false));
  const name = posix.basename(program);
  if (isThere) return by(program, ...options);
  return (await which([name])).has(name) ? by(name, ...options) : shellPhases;
}

/** What the first line names. The kernel passes what follows as one argument; env splits it if it is asked to. */
function interpreterOf(text: string): { program: string; options: string[] } | undefined {
  const [, path = '', rest = ''] = /^#![ \t]*(\S+)(?:[ \t]+([^\r\n]*?))?[ \t]*\r?(?:\n|$)/.exec(text) ?? [];
  if (path === '') return undefined;
  if (posix.basename(path) !== 'env') return { program: path, options: rest === '' ? [] : [rest] };
  const [program, ...options] = rest.replace(/^(?:-S[ \t]*|--split-string[= \t])/, '').split(/[ \t]+/);
  return program ? { program, options } : undefined;
}
