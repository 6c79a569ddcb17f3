/** Source files as people have them, in a real sandbox: programs of several files, scripts that name their interpreter, names that tell nothing. */
import { expect } from 'chai';
import { createBunRuntime } from '../../server/src/runtime/kinds/bun/bun.ts';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import type { LanguageId, RunCodeParams } from '../../server/src/protocol/index.ts';
import { languageOfPath } from '../../server/src/command/language.ts';
import { need } from '../require.ts';
import { eventually, useSandbox, write } from '../runtime/contract/harness.ts';
import { bubblewrap, interpreters, layeredSubject, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { RealSession } from '../warm/real-session.ts';

const main = (body: string) => `package main\nimport "fmt"\nfunc main() { fmt.Println(${body}) }\n`;
const values = (line: string, name = 'main') => `package ${name}\n${line}\n`;

interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly run: Partial<RunCodeParams>;
  /** A number is the exit code, a text is in the output. */
  readonly gives: readonly (string | number)[];
}

const cases: Record<string, Case> = {
  'a Go program of two files (T5)': {
    files: { 'main.go': main('greet()'), 'other.go': values('func greet() string { return "hello" }') },
    run: { path: 'main.go' }, gives: ['hello\n', 0],
  },
  'a Go program by its file without main (T5)': {
    files: { 'main.go': main('greet()'), 'other.go': values('func greet() string { return "hello" }') },
    run: { path: 'other.go' }, gives: ['hello\n', 0],
  },
  'a Go program beside other programs, tests, packages, and files for other systems (T5)': {
    files: {
      'a.go': main('shared, system'), 'b.go': main('"other"'), 'shared.go': values('const shared = "shared"'), 'a_test.go': values('const shared = 1'),
      'system_linux.go': values('const system = "linux"'), 'system_windows.go': values('const system = "windows"'), 'odd.go': values('const Odd = 1', 'odd'),
      'tool.go': `//go:build ignore\n\n${main('"tool"')}`, 'text.go': values('/*\nfunc main() {}\n*/\nvar text = `\nfunc main() {}\n`'),
    },
    run: { path: 'a.go' }, gives: ['shared linux\n', 0],
  },
  'a Go program that is never built with others (T5)': {
    files: { 'tool.go': `//go:build ignore\n\n${main('"tool"')}`, 'x.go': values('var y = z') },
    run: { path: 'tool.go' }, gives: ['tool\n', 0],
  },
  'a Go program of a module, with a package of it, in a folder below, run from elsewhere (T5)': {
    files: {
      'm/go.mod': 'module example.org/m\n', 'm/inner/inner.go': values('func Word() string { return "inner" }', 'inner'),
      'm/cmd/main.go': 'package main\nimport ("fmt"; "os"; "example.org/m/inner")\nfunc main() { d, _ := os.Getwd(); fmt.Println(inner.Word(), more, d, os.Args[1]) }\n', 'm/cmd/more.go': values('const more = "more"'),
    },
    run: { path: 'm/cmd/main.go', cwd: '/tmp', args: ['arg'] }, gives: ['inner more /tmp arg\n', 0],
  },
  'the exit code of a Go program of two files (T5)': {
    files: { 'main.go': 'package main\nimport "os"\nfunc main() { os.Exit(code) }\n', 'other.go': values('const code = 7') },
    run: { path: 'main.go' }, gives: [7],
  },
  'a Go file of a package that is no program (T5)': { files: { 'util.go': values('const A = 1', 'util') }, run: { path: 'util.go' }, gives: ['is not a main package', 1] },
  'a Go test (T5)': { files: { 'main.go': main('1'), 'x_test.go': values('const A = 1') }, run: { path: 'x_test.go' }, gives: ['cannot run *_test.go files', 1] },
  'an error in another file of a Go program (T5)': {
    files: { 'sub/main.go': main('greet()'), 'sub/other.go': values('func greet() string { return 1 }') },
    run: { path: 'sub/main.go' }, gives: ['sub/other.go:2:30:', 2],
  },
  'a C# program of two files (T5)': {
    files: {
      'Main.cs': 'using System;\nclass P { static void Main() { Console.WriteLine(Other.Word); } }\n',
      'Other.cs': '// static void Main()\nusing System;\n\nnamespace N { class Q { } }\nstatic class Other { public const string Word = "hello"; }\n',
    },
    run: { path: 'Main.cs' }, gives: ['hello\n', 0],
  },
  'a C# program beside another one (T5)': {
    files: { 'A.cs': 'class A { static void Main() { System.Console.WriteLine("a"); } }\n', 'B.cs': 'class B { public static int Main(string[] args) { return 1; } }\n', 'C.cs': 'using System;\nConsole.WriteLine("top");\n' },
    run: { path: 'A.cs' }, gives: ['a\n', 0],
  },
  'a script for bash (T10)': { files: { 'x.sh': '#!/bin/bash\na=(1 2)\necho "${a[1]} $1 $0"\n' }, run: { path: 'x.sh', args: ['arg'] }, gives: ['2 arg /workspace/x.sh\n', 0] },
  'a script that finds bash by env (T10)': { files: { 'x.sh': '#!/usr/bin/env bash\na=(1 2); echo ${a[1]}\n' }, run: { path: 'x.sh' }, gives: ['2\n', 0] },
  'a script with options of its interpreter (T10)': { files: { 'x.sh': '#! /bin/bash -e\nfalse\necho on\n' }, run: { path: 'x.sh' }, gives: [1] },
  'a script with options by env (T10)': { files: { 'x.sh': '#!/usr/bin/env -S bash -e -u\necho $nothing\n' }, run: { path: 'x.sh' }, gives: ['unbound variable', 1] },
  'a script for an interpreter in another place (T10)': { files: { 'x.sh': '#!/opt/none/bash\na=(1 2); echo ${a[1]}\n' }, run: { path: 'x.sh' }, gives: ['2\n', 0] },
  'a script for an interpreter that is not there (T10)': { files: { 'x.sh': '#!/bin/zsh\necho fine\n' }, run: { path: 'x.sh' }, gives: ['fine\n', 0] },
  'a script with the line ends of Windows in its first line (T10)': { files: { 'x.sh': '#!/bin/bash\r\na=(1 2); echo ${a[1]}\n' }, run: { path: 'x.sh' }, gives: ['2\n', 0] },
  'a script that is sent as text (T10)': { files: {}, run: { language: 'shellscript', code: '#!/bin/bash\na=(1 2)\necho ${a[1]}\n' }, gives: ['2\n', 0] },
  'Go in a file of another name (L5)': { files: { 'notes.txt': main('"noted"') }, run: { language: 'go', path: 'notes.txt' }, gives: ['noted\n', 0] },
  'C# in a file without an extension (L5)': { files: { notes: 'class A { static void Main() { System.Console.WriteLine("noted"); } }\n' }, run: { language: 'csharp', path: 'notes' }, gives: ['noted\n', 0] },
  'text in a folder that is not there (T12)': { files: {}, run: { language: 'python', code: '1', cwd: 'none' }, gives: ['FileNotFound'] },
  'text in a folder that is a file (T12)': { files: { file: '' }, run: { language: 'python', code: '1', cwd: 'file' }, gives: ['WrongFileType'] },
  'a file in a folder that is a file (T12)': { files: { 'a.py': '' }, run: { path: 'a.py', cwd: 'a.py' }, gives: ['WrongFileType'] },
  'a file that is not there (T12)': { files: {}, run: { path: 'none.py' }, gives: ['FileNotFound'] },
};

async function given(real: RealSession, { files, run, gives }: Case): Promise<void> {
  const { sandbox } = real.session;
  for (const [path, text] of Object.entries(files)) await write(sandbox, `/workspace/${path}`, text);
  try {
    const { stdout, stderr, exitCode } = await real.code(run);
    for (const each of gives) {
      if (typeof each === 'number') expect(exitCode, `${stdout}${stderr}`).to.equal(each);
      else expect(`${stdout}${stderr}`).to.include(each);
    }
  } catch (fault) {
    if ((fault as { kind?: string }).kind !== gives[0]) throw fault;
  } finally {
    const tops = new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''));
    const left = async () => (await sandbox.files.list('/workspace', { recursive: false, limit: 100, accept: () => true })).entries.map(({ name }) => name);
    // What the run has made is removed after the answer.
    await eventually(async () => expect(await left()).to.have.members([...tops]));
    for (const top of tops) await sandbox.files.delete(`/workspace/${top}`, { recursive: true, force: true });
  }
}

describe('in a native sandbox is run', function () {
  before(need('bubblewrap', bubblewrap));
  const held = useSandbox({ make: () => nativeSubject(createNativeRuntime) });

  for (const [name, each] of Object.entries(cases)) {
    it(name, async function () {
      const language = each.run.language ?? languageOfPath(each.run.path);
      await need(String(language), async () => language && interpreters[language]?.()).call(this);
      await given(new RealSession(held.sandbox, 'python'), each);
    });
  }
});

const untold = ['ts.txt', 'ts', 'main.unknown'];
for (const [place, make] of Object.entries({ bun: () => nativeSubject((options) => createBunRuntime(process.env.PATH, options)), deno: layeredSubject })) {
  describe(`in a sandbox with ${place} is run`, () => {
    before(need('bubblewrap', bubblewrap));
    const held = useSandbox({ make });

    for (const name of untold) {
      for (const language of ['typescript', 'javascript'] as LanguageId[]) {
        it(`${language} in a file of another name, ${name} (L5)`, async () => {
          const text = language === 'typescript' ? 'import { a } from "./a.ts"; const b: number = a; console.log("ran", b)' : 'import { a } from "./a.ts"; console.log("ran", a)';
          await given(new RealSession(held.sandbox, 'typescript'), { files: { [name]: text, 'a.ts': 'export const a: number = 1' }, run: { language, path: name }, gives: ['ran 1\n', 0] });
        });
      }
    }
  });
}
