/** What real programs said when they failed, and where that was. */
import { expect } from 'chai';
import type { LanguageId } from 'codebeaker/protocol';
import { findTraces } from '../../../client-vscode/src/traces/trace.ts';

/** `path:line:column` for each frame, behind the message. */
type Expected = readonly [message: string, ...frames: string[]];

const deno = 'file:///tmp/codebeaker-1-a/sandbox-b/workspace';

const cases: Record<string, [language: LanguageId, output: string, ...expected: Expected[]]> = {
  'Python: an exception': [
    'python',
    `Traceback (most recent call last):
  File "/workspace/a.py", line 3, in <module>
    r(0)
  File "/workspace/a.py", line 2, in r
    assert n, "no n"
AssertionError: no n
`,
    ['AssertionError: no n', '/workspace/a.py:2', '/workspace/a.py:3'],
  ],
  'Python: one exception from another': [
    'python',
    `Traceback (most recent call last):
  File "/workspace/b.py", line 3, in f
    {}["k"]
    ~~^^^^^
KeyError: 'k'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/workspace/b.py", line 6, in <module>
    f()
  File "/workspace/b.py", line 5, in f
    raise ValueError("bad") from e
ValueError: bad
`,
    ["KeyError: 'k'", '/workspace/b.py:3'],
    ['ValueError: bad', '/workspace/b.py:5', '/workspace/b.py:6'],
  ],
  'Python: syntax': [
    'python',
    `  File "/workspace/s.py", line 1
    def f(:
          ^
SyntaxError: invalid syntax
`,
    ['SyntaxError: invalid syntax', '/workspace/s.py:1'],
  ],
  'Python: Ctrl-C': [
    'python',
    `^CTraceback (most recent call last):
  File "/workspace/a.py", line 4, in <module>
    time.sleep(0.05)
KeyboardInterrupt
`,
    ['KeyboardInterrupt', '/workspace/a.py:4'],
  ],
  'Python: an exception of one’s own, through a terminal': [
    'python',
    'Traceback (most recent call last):\r\n  File "/workspace/a.py", line 4, in <module>\r\n    raise Mine("x")\r\n__main__.Mine: x\r\n',
    ['__main__.Mine: x', '/workspace/a.py:4'],
  ],
  'Node: an exception': [
    'javascript',
    `/workspace/b.js:2
  throw new TypeError("boom");
  ^

TypeError: boom
    at f (/workspace/b.js:2:9)
    at Object.<anonymous> (/workspace/b.js:4:1)
    at Module._compile (node:internal/modules/cjs/loader:1781:14)

Node.js v22.23.3
`,
    ['TypeError: boom', '/workspace/b.js:2:9', '/workspace/b.js:4:1'],
  ],
  'Node: a module': [
    'javascript',
    `file:///workspace/p.mjs:1
await Promise.reject(new Error("async"));
                     ^

Error: async
    at file:///workspace/p.mjs:1:22
    at ModuleJob.run (node:internal/modules/esm/module_job:343:25)
`,
    ['Error: async', 'file:///workspace/p.mjs:1:22'],
  ],
  'Node: syntax': [
    'javascript',
    `/workspace/s.js:1
const x = ;
          ^

SyntaxError: Unexpected token ';'
    at wrapSafe (node:internal/modules/cjs/loader:1713:18)
`,
    ["SyntaxError: Unexpected token ';'", '/workspace/s.js:1'],
  ],
  'Deno, with its colours': [
    'typescript',
    `\x1b[0m\x1b[1m\x1b[31merror\x1b[0m: Uncaught (in promise) RangeError: boom 1
  throw new RangeError("boom " + a);
\x1b[0m\x1b[31m        ^\x1b[0m
    at \x1b[0m\x1b[1m\x1b[3mf\x1b[0m (\x1b[0m\x1b[2m\x1b[38;5;245m${deno}/\x1b[0m\x1b[0m\x1b[36mb.ts\x1b[0m:\x1b[0m\x1b[33m2\x1b[0m:\x1b[0m\x1b[33m9\x1b[0m)
    at \x1b[0m\x1b[36m${deno}/b.ts\x1b[0m:\x1b[0m\x1b[33m4\x1b[0m:\x1b[0m\x1b[33m1\x1b[0m
`,
    ['RangeError: boom 1', `${deno}/b.ts:2:9`, `${deno}/b.ts:4:1`],
  ],
  'Deno: syntax': [
    'typescript',
    `error: Uncaught (in promise) TypeError: SyntaxError: Expression expected
  |
1 | const x = ;
  |           ~
    at ${deno}/s.ts:1:11
`,
    ['TypeError: SyntaxError: Expression expected', `${deno}/s.ts:1:11`],
  ],
  'Go: the compiler': [
    'go',
    `# command-line-arguments
./c.go:4:7: undefined: undefined1
./c.go:5:14: cannot use "s" (untyped string constant) as int value in variable declaration
`,
    ['undefined: undefined1', './c.go:4:7'],
    ['cannot use "s" (untyped string constant) as int value in variable declaration', './c.go:5:14'],
  ],
  'Go: a panic': [
    'go',
    `panic: runtime error: index out of range [5] with length 0

goroutine 1 [running]:
main.f(...)
	/workspace/b.go:3
main.main()
	/workspace/b.go:6 +0x1a
`,
    ['panic: runtime error: index out of range [5] with length 0', '/workspace/b.go:3', '/workspace/b.go:6'],
  ],
  'C#: mcs': [
    'csharp',
    `/workspace/c.cs(2,32): error CS0029: Cannot implicitly convert type \`string' to \`int'
/workspace/c.cs(2,37): error CS0103: The name \`y' does not exist in the current context
Compilation failed: 2 error(s), 0 warnings
`,
    ["CS0029: Cannot implicitly convert type `string' to `int'", '/workspace/c.cs:2:32'],
    ["CS0103: The name `y' does not exist in the current context", '/workspace/c.cs:2:37'],
  ],
  'C#: dotnet, which says it twice': [
    'csharp',
    `/workspace/c.cs(2,32): error CS1002: ; expected [/tmp/x/c.csproj]
/workspace/c.cs(2,32): error CS1002: ; expected [/tmp/x/c.csproj]
`,
    ['CS1002: ; expected', '/workspace/c.cs:2:32'],
  ],
  'C#: an exception': [
    'csharp',
    `Unhandled exception. System.InvalidOperationException: boom
   at P.F() in /workspace/b.cs:line 3
   at P.Main() in /workspace/b.cs:line 4
`,
    ['System.InvalidOperationException: boom', '/workspace/b.cs:3', '/workspace/b.cs:4'],
  ],
  'C#: an exception in mono': [
    'csharp',
    `
Unhandled Exception:
System.InvalidOperationException: boom
  at P.Main () [0x00000] in /workspace/b.cs:4
`,
    ['System.InvalidOperationException: boom', '/workspace/b.cs:4'],
  ],
  'Ruby: an exception': [
    'ruby',
    "/workspace/b.rb:2:in `f': boom (ArgumentError)\n\tfrom /workspace/b.rb:4:in `<main>'\n",
    ['boom (ArgumentError)', '/workspace/b.rb:2', '/workspace/b.rb:4'],
  ],
  'Ruby: syntax': [
    'ruby',
    "/workspace/s.rb:2: syntax error, unexpected integer literal, expecting ')'\n  1 +\n  ^\n",
    ["syntax error, unexpected integer literal, expecting ')'", '/workspace/s.rb:2'],
  ],
  'what only looks a little like one': ['python', 'Error: File "x", line 3\nValueError: not thrown\n'],
  'a language without tracebacks': ['shellscript', 'x.sh: 3: foo: not found\n'],
};

describe('a traceback', () => {
  for (const [name, [language, output, ...expected]] of Object.entries(cases)) {
    it(`of ${name}`, () => {
      const found = findTraces(language, output).map(({ message, frames }) => [
        message,
        ...frames.map(({ path, line, column }) => `${path}:${line}${column === undefined ? '' : `:${column}`}`),
      ]);
      expect(found).to.deep.equal(expected);
    });
  }

  it('is looked for in what is long and odd too', () => {
    for (const language of ['python', 'javascript', 'go', 'csharp', 'ruby'] as const) {
      for (const text of ['a'.repeat(200_000), ' at '.repeat(50_000), '/'.repeat(200_000), '(1,2)'.repeat(40_000)]) {
        expect(findTraces(language, text)).to.deep.equal([]);
      }
    }
  });
});
