/** The lower limit of what is possible: the program as a plain process of this machine, without any sandbox. */
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findDeno } from '../../server/src/runtime/kinds/deno/binary.ts';
import { isProgram } from '../../server/src/runtime/machine/packaged.ts';

const run = promisify(execFile);

/** A hello world in each language. CodeBeaker and the plain process run the same source. */
export const hellos = {
  python: { file: 'hello.py', source: 'print("hello")\n' },
  javascript: { file: 'hello.js', source: 'console.log("hello");\n' },
  typescript: { file: 'hello.ts', source: 'const word: string = "hello";\nconsole.log(word);\n' },
  go: { file: 'hello.go', source: 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n' },
  csharp: { file: 'hello.cs', source: 'class Hello { static void Main() { System.Console.WriteLine("hello"); } }\n' },
  ruby: { file: 'hello.rb', source: 'puts "hello"\n' },
  shellscript: { file: 'hello.sh', source: 'echo hello\n' },
} as const;

export type Language = keyof typeof hellos;

export interface Plain {
  /** The command as one would type it. */
  readonly name: string;
  /** Runs the program once and checks its output. */
  run(): Promise<void>;
}

/** Returns undefined if this machine cannot run the language. */
export async function plain(language: Language, folder: string): Promise<Plain | undefined> {
  const { file, source } = hellos[language];
  const path = join(folder, file);
  writeFileSync(path, source);
  const command = await commandOf(language, path, folder);
  if (!command) return undefined;
  const [program, ...args] = command.words;
  const plain: Plain = {
    name: `plain ${command.name} ${file}`,
    run: async () => assert.equal((await run(program as string, args)).stdout, 'hello\n'),
  };
  return (await plain.run().then(() => true, () => false)) ? plain : undefined;
}

async function commandOf(language: Language, path: string, folder: string): Promise<{ name: string; words: string[] } | undefined> {
  switch (language) {
    case 'python': {
      const python = await realPython();
      return python === undefined ? undefined : { name: 'python3', words: [python, path] };
    }
    case 'javascript':
      return { name: 'node', words: [process.execPath, path] };
    case 'typescript': {
      const deno = await findDeno(process.env.PATH);
      return deno === undefined ? undefined : { name: 'deno run', words: [deno, 'run', path] };
    }
    case 'go':
      return { name: 'go run', words: ['go', 'run', path] };
    case 'csharp':
      return { name: 'mcs, mono', words: ['sh', '-c', 'mcs -out:"$1" "$0" && mono "$1"', path, join(folder, 'hello.exe')] };
    case 'ruby':
      return { name: 'ruby', words: ['ruby', path] };
    case 'shellscript':
      return { name: 'sh', words: ['sh', path] };
  }
}

/**
 * The Python interpreter itself. `python3` on PATH may be a script that has to find the interpreter first: it would be
 * slower than what is possible, and no sandbox runs it.
 */
export async function realPython(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    const path = await realpath(join(folder, 'python3')).catch(() => undefined);
    if (path !== undefined && (await isProgram(path))) return path;
  }
  return undefined;
}
