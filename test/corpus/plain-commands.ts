/** The command lines with which people run a program of each language, where no daemon does it for them. */
import { dirname, relative } from 'node:path';
import type { LanguageId } from '../../server/src/protocol/index.ts';

export interface PlainProgram {
  readonly path: string;
  /** The folder that the file is in. */
  readonly folder: string;
  readonly files: Readonly<Record<string, string>>;
  /** A folder for what a compiler makes. It is not there yet. */
  readonly scratch: string;
  /** Bun or Deno, if that is what runs it. */
  readonly binary: string | undefined;
}

export interface PlainCommand {
  /** What is run first, as long as it succeeds. */
  readonly before: readonly (readonly string[])[];
  readonly command: readonly string[];
}

const by = (...command: string[]): PlainCommand => ({ before: [], command });

export function plainCommand(language: LanguageId, { path, files, scratch, binary }: PlainProgram): PlainCommand {
  const text = Object.entries(files).find(([name]) => path.endsWith(`/${name}`))?.[1] ?? '';
  const folder = path.slice(0, path.length - (Object.keys(files).find((name) => path.endsWith(`/${name}`)) ?? '').length);
  const beside = (extension: string) => Object.keys(files).map((name) => folder + name).filter((name) => name.endsWith(extension) && dirname(name) === dirname(path));
  if (binary?.endsWith('deno')) return by(binary, 'run', '--no-prompt', '--no-remote', '--no-config', '--no-lock', '--allow-env', '--allow-read=/workspace,/tmp', '--allow-write=/workspace,/tmp', path);
  if (binary?.endsWith('bun')) return by('bun', 'run', path);
  switch (language) {
    case 'python': return by('python3', path);
    case 'javascript': return by('node', path);
    case 'ruby': return by('ruby', path);
    // The kernel reads the first line.
    case 'shellscript': return text.startsWith('#!') ? by(path) : by('sh', path);
    case 'go': {
      const isModule = Object.keys(files).some((name) => name.endsWith('go.mod'));
      const several = beside('.go').filter((name) => !name.endsWith('_test.go'));
      const target = isModule ? [`./${relative(folder, dirname(path))}`] : several.length > 1 ? several : [path];
      return { before: [['mkdir', '-p', scratch], ['go', 'build', '-o', `${scratch}/program`, ...target]], command: [`${scratch}/program`] };
    }
    case 'csharp':
      return { before: [['mkdir', '-p', scratch], ['mcs', '-nologo', '-debug', `-out:${scratch}/program.exe`, ...beside('.cs')]], command: ['mono', '--debug', `${scratch}/program.exe`] };
    case 'typescript': throw new Error('a program in TypeScript has to say what it prints');
  }
}
